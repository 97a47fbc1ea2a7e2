"""Three answers: what is missing never reads as normal, and what must last needs two readings."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.observations.warning.evaluate import Readings, Warned, alarms, evaluate, newly
from registry.observations.warning.rulesets import RULESETS
from tests.registry.observations.warning.women import (
    AT,
    HEALTHY,
    TOOLS,
    healthy,
    lasting,
    read,
    say,
)


@pytest.mark.parametrize("tool", TOOLS)
def test_a_healthy_woman_triggers_nothing(tool: str) -> None:
    said = say(tool, healthy())
    assert (said.state, said.fired, said.missing) == (
        "not_triggered",
        [] if tool != "fujian_transfer" else said.fired,
        [],
    )
    assert said.known == said.total


@pytest.mark.parametrize("tool", TOOLS)
def test_nothing_read_is_not_normal(tool: str) -> None:
    said = say(tool, [])
    assert said.state == "unknown"
    assert said.known == 0
    assert {one.why for one in said.missing} == {"never"}


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("code", HEALTHY)
def test_one_reading_missing(tool: str, code: str) -> None:
    """A tool that could be triggered by it alone does not know; one that could not, knows."""
    said = say(tool, healthy(**{code: None}))
    able = any(
        say(tool, lasting(**{**HEALTHY, code: value})).state == "triggered"
        for value in _possible(code)
    )
    assert said.state == ("unknown" if able else "not_triggered")


def _possible(code: str) -> list[float | str | bool]:
    normal = HEALTHY[code]
    if isinstance(normal, bool):
        return [True]
    if isinstance(normal, str):
        return ["ventilated"] if code == "oxygen" else ["unresponsive"]
    return [300.0, 1.0] if code != "dbp_mmhg" else [118.0, 1.0]


@given(st.sets(st.sampled_from(sorted(HEALTHY))), st.dictionaries(
    st.sampled_from(["sbp_mmhg", "hr_per_min", "rr_per_min", "spo2_percent", "plt_10e9_per_l"]),
    st.integers(1, 220),
))  # fmt: skip
def test_more_readings_never_take_an_answer_back(gone: set[str], odd: dict[str, int]) -> None:
    every = {**HEALTHY, **odd}
    some = {code: value for code, value in every.items() if code not in gone}
    for one in RULESETS:
        less = evaluate(one, Readings(read(0, **some)), AT)
        more = evaluate(one, Readings(read(0, **every)), AT)
        if less.state != "unknown":
            assert less.state == more.state, one.code
        if less.score is not None and more.score is not None:
            assert less.score.low <= more.score.low <= more.score.high <= less.score.high


@pytest.mark.parametrize(
    ("yellow", "state"),
    [
        ({"sbp_mmhg": 155}, "not_triggered"),
        ({"sbp_mmhg": 155, "dbp_mmhg": 95}, "triggered"),
        ({"sbp_mmhg": 155, "rr_per_min": None}, "unknown"),
        ({"sbp_mmhg": 155, "dbp_mmhg": 95, "rr_per_min": None}, "triggered"),
        ({"sbp_mmhg": 89}, "triggered"),
        ({"consciousness": "pain"}, "triggered"),
        ({"consciousness": "voice"}, "not_triggered"),
    ],
)
def test_meows_counts(yellow: dict[str, float | str | None], state: str) -> None:
    assert say("meows_cemach", healthy(**yellow)).state == state


@pytest.mark.parametrize(
    ("flags", "fires"),
    [
        ({"preeclampsia": True}, False),
        ({"preeclampsia": True, "headache": True}, True),
        ({"preeclampsia": True, "dyspnoea": True}, True),
        ({"headache": True, "dyspnoea": True}, False),
    ],
)
def test_mewc_preeclampsia_with_a_symptom(flags: dict[str, bool], fires: bool) -> None:
    assert (say("mewc_2014", healthy(**flags)).state == "triggered") is fires


@pytest.mark.parametrize("word", ["agitated", "confused", "voice", "pain", "unresponsive"])
def test_mewc_consciousness(word: str) -> None:
    assert say("mewc_2014", healthy(consciousness=word)).state == "triggered"


@pytest.mark.parametrize(
    ("before", "state"),
    [
        ([], "unknown"),
        ([(20, 135)], "unknown"),
        ([(20.1, 135)], "triggered"),
        ([(30, 135), (10, 120)], "unknown"),
        ([(30, 135), (10, 131)], "triggered"),
        ([(30, 130)], "unknown"),
    ],
)
def test_mewt_needs_it_to_last(before: list[tuple[float, float]], state: str) -> None:
    earlier = [one for minutes, hr in before for one in read(minutes, hr_per_min=hr)]
    said = say("mewt_2016", [*earlier, *healthy(hr_per_min=135)])
    assert said.state == state
    if state == "unknown":
        again = next(one for one in said.missing if one.code == "hr_per_min")
        assert again.why == "again"
        assert again.after is not None
        assert again.after > AT - timedelta(minutes=1)


def test_mewt_normal_now_is_over() -> None:
    assert say("mewt_2016", [*read(40, hr_per_min=140), *healthy()]).state == "not_triggered"


def test_mewt_two_non_severe() -> None:
    one = {"temp_c": 38.5}
    two = {"temp_c": 38.5, "hr_per_min": 115}
    assert say("mewt_2016", [*read(30, **one), *healthy(**one)]).state == "not_triggered"
    assert say("mewt_2016", [*read(30, **two), *healthy(**two)]).state == "triggered"
    assert say("mewt_2016", healthy(**two)).state == "unknown"


def test_a_nurses_concern_counts_at_once() -> None:
    assert say("mewt_2016", healthy(nurse_concern=True)).state == "triggered"


@pytest.mark.parametrize(("ago", "state"), [(119, "unknown"), (120, "triggered")])
def test_little_urine_for_two_hours(ago: float, state: str) -> None:
    said = say("mewc_2014", [*read(ago, urine_ml_per_h=20), *healthy(urine_ml_per_h=20)])
    assert said.state == state


@pytest.mark.parametrize(("minutes", "state"), [(240, "not_triggered"), (241, "unknown")])
def test_stale_readings_are_missing(minutes: float, state: str) -> None:
    others = {code: value for code, value in HEALTHY.items() if code != "rr_per_min"}
    said = say("meows_cemach", [*read(0, **others), *read(minutes, rr_per_min=16)])
    assert said.state == state
    if state == "unknown":
        (missing,) = said.missing
        assert (missing.code, missing.why) == ("rr_per_min", "stale")
        assert missing.last_at == AT - timedelta(minutes=minutes)


def test_parts_read_apart_make_no_computed_value() -> None:
    said = say("shock_index", [*read(16, sbp_mmhg=80), *read(0, hr_per_min=120)])
    assert said.state == "unknown"
    assert {(one.code, one.why) for one in said.missing} == {
        ("sbp_mmhg", "apart"),
        ("hr_per_min", "apart"),
    }


# The index of a woman in shock, by hand: pulse 140 → 3, MAP 60 → 4, respiration 36 → 3,
# confused → 2, SpO2 88 → 1, platelets 45 → 3.
SHOCK: dict[str, float | str] = {
    "hr_per_min": 140,
    "sbp_mmhg": 80,
    "dbp_mmhg": 50,
    "rr_per_min": 36,
    "oxygen": "supplemental",
    "consciousness": "confused",
    "spo2_percent": 88,
    "plt_10e9_per_l": 45,
}


def test_fujian_sum() -> None:
    said = say("fujian_transfer", read(0, **SHOCK))
    assert said.score is not None
    assert (said.score.low, said.score.high, said.score.advice) == (16, 16, ["in_place"])
    assert said.state == "triggered"
    assert said.verify


def _bands() -> list[tuple[str, float | str, int]]:
    """Points per band, from the source's bands and the inferred points, both edges."""
    pulse = [(39, 4), (40, 3), (54, 3), (55, 2), (69, 2), (70, 0), (109, 0), (110, 2), (139, 2)]
    pulse += [(140, 3), (179, 3), (180, 4)]
    breath = [(5, 4), (6, 2), (9, 2), (10, 1), (11, 1), (12, 0), (24, 0), (25, 1), (34, 1)]
    breath += [(35, 3), (49, 3), (50, 4)]
    spo2 = [(74, 4), (75, 3), (85, 3), (86, 1), (89, 1), (90, 0)]
    plt = [(19, 4), (20, 3), (49, 3), (50, 2), (99, 2), (100, 0)]
    mind = [("alert", 0), ("confused", 2), ("agitated", 2), ("voice", 2), ("pain", 4)]
    mind += [("unresponsive", 4)]
    table: list[tuple[str, list[tuple[float | str, int]]]] = [
        ("hr_per_min", list(pulse)),
        ("rr_per_min", list(breath)),
        ("spo2_percent", list(spo2)),
        ("plt_10e9_per_l", list(plt)),
        ("consciousness", list(mind)),
        ("oxygen", [("ventilated", 5)]),
    ]
    return [(code, value, points) for code, pairs in table for value, points in pairs]


@pytest.mark.parametrize(("code", "value", "points"), _bands())
def test_fujian_points(code: str, value: float | str, points: int) -> None:
    said = say("fujian_transfer", healthy(sbp_mmhg=120, dbp_mmhg=80, **{code: value}))
    assert said.score is not None
    assert said.score.low == said.score.high == points


@pytest.mark.parametrize(
    ("pressure", "points"),
    [((69, 69), 4), ((70, 70), 2), ((89, 89), 2), ((90, 90), 0), ((129, 129), 0), ((130, 130), 2),
     ((149, 149), 2), ((150, 150), 3), ((179, 179), 3), ((180, 180), 4)],
)  # fmt: skip
def test_fujian_pressure(pressure: tuple[int, int], points: int) -> None:
    said = say("fujian_transfer", healthy(sbp_mmhg=pressure[0], dbp_mmhg=pressure[1]))
    assert said.score is not None
    assert said.score.low == points


@pytest.mark.parametrize(
    ("gone", "reach", "advice", "state"),
    [
        # Platelets 0–4 are unknown beside 13 known points: in place whatever they are.
        (["plt_10e9_per_l"], (13, 17), ["in_place"], "triggered"),
        (["plt_10e9_per_l", "hr_per_min"], (10, 18), ["city", "in_place"], "triggered"),
        (["sbp_mmhg", "hr_per_min", "rr_per_min", "oxygen"], (6, 19),
         ["county", "city", "in_place"], "triggered"),
        (list(SHOCK), (0, 25), ["not_described", "county", "city", "in_place"], "unknown"),
    ],
)  # fmt: skip
def test_fujian_reachable_scores(
    gone: list[str], reach: tuple[int, int], advice: list[str], state: str
) -> None:
    known = {code: value for code, value in SHOCK.items() if code not in gone}
    said = say("fujian_transfer", read(0, **known))
    assert said.score is not None
    assert ((said.score.low, said.score.high), said.score.advice) == (reach, advice)
    assert said.state == state


def test_fujian_low_scores_are_not_called_safe() -> None:
    said = say("fujian_transfer", healthy(sbp_mmhg=120, dbp_mmhg=80))
    assert said.score is not None
    assert (said.state, said.score.advice) == ("not_triggered", ["not_described"])


def _alarms(*samples: object) -> dict[str, frozenset[str]]:
    found: list[Warned] = [evaluate(one, Readings(samples), AT) for one in RULESETS]  # type: ignore[arg-type]
    return alarms(found, RULESETS)


def test_a_notice_for_what_is_new_and_for_nothing_else() -> None:
    well = _alarms(*healthy())
    ill = _alarms(*healthy(sbp_mmhg=85, dbp_mmhg=60))
    worse = _alarms(*healthy(sbp_mmhg=85, dbp_mmhg=60, consciousness="pain"))
    assert newly(well, ill) == ("mewc_2014", "meows_cemach", "shock_index", "fujian_transfer")
    assert newly(ill, ill) == ()
    assert newly(ill, worse) == ("mewc_2014", "meows_cemach", "fujian_transfer")
    assert newly(ill, well) == ()


def test_what_fired_says_with_which_reading_and_since_when() -> None:
    said = say("meows_cemach", [*read(60, hr_per_min=125), *healthy(hr_per_min=130)])
    (fired,) = said.fired
    assert (fired.item, fired.tier, fired.seen[0].number) == ("hr_red", "red", 130)
    assert fired.since == AT - timedelta(minutes=60)
    assert fired.verify
    assert (said.version, said.confidence) == (1, "B")
