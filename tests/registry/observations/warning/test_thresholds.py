"""Both sides of every boundary: as published, written here independently, and from the data."""

import pytest

from registry.observations.catalogue import CATALOGUE
from registry.observations.warning.rulesets import RULESETS, Band, Item, comparisons
from tests.registry.observations.warning.women import TOOLS, lasting, read, say

# (tool, reading, values at which the tier does not hold, values at which it does), from the
# published tables; written before the data was read back.
PUBLISHED: list[tuple[str, str, str, list[float], list[float]]] = [
    ("mewc_2014", "trigger", "sbp_mmhg", [90, 160], [89, 161]),
    ("mewc_2014", "trigger", "dbp_mmhg", [100], [101]),
    ("mewc_2014", "trigger", "hr_per_min", [50, 120], [49, 121]),
    ("mewc_2014", "trigger", "rr_per_min", [10, 30], [9, 31]),
    ("mewc_2014", "trigger", "spo2_percent", [95], [94]),
    ("mewc_2014", "trigger", "urine_ml_per_h", [35], [34]),
    ("mewt_2016", "severe", "hr_per_min", [130], [131]),
    ("mewt_2016", "severe", "rr_per_min", [30], [31]),
    ("mewt_2016", "severe", "spo2_percent", [90], [89]),
    ("mewt_2016", "non_severe", "temp_c", [36.0, 38.0], [35.9, 38.1]),
    ("mewt_2016", "non_severe", "sbp_mmhg", [85, 160], [84, 161]),
    ("mewt_2016", "non_severe", "dbp_mmhg", [45, 110], [44, 111]),
    ("mewt_2016", "non_severe", "hr_per_min", [50, 110], [49, 111]),
    ("mewt_2016", "non_severe", "rr_per_min", [10, 24], [9, 25]),
    ("mewt_2016", "non_severe", "spo2_percent", [93], [92]),
    ("mewt_2016", "non_severe", "fhr_bpm", [160], [161]),
    ("meows_cemach", "red", "temp_c", [35.0, 38.0], [34.9, 38.1]),
    ("meows_cemach", "red", "sbp_mmhg", [90, 160], [89, 161]),
    ("meows_cemach", "red", "dbp_mmhg", [100], [101]),
    ("meows_cemach", "red", "hr_per_min", [40, 120], [39, 121]),
    ("meows_cemach", "red", "rr_per_min", [10, 30], [9, 31]),
    ("meows_cemach", "red", "spo2_percent", [95], [94]),
    ("meows_cemach", "yellow", "temp_c", [34.9, 36.1], [35.0, 36.0]),
    ("meows_cemach", "yellow", "sbp_mmhg", [89, 101, 149, 161], [90, 100, 150, 160]),
    ("meows_cemach", "yellow", "dbp_mmhg", [89, 101], [90, 100]),
    ("meows_cemach", "yellow", "hr_per_min", [39, 51, 99, 121], [40, 50, 100, 120]),
    ("meows_cemach", "yellow", "rr_per_min", [20, 31], [21, 30]),
]


def _tiers(tool: str, code: str, value: float) -> set[str]:
    """The tiers in which this reading is what fires."""
    samples = lasting(**{code: value})
    if code == "dbp_mmhg" and value > 118:
        samples = lasting(**{code: value, "sbp_mmhg": 130})
    said = say(tool, samples)
    return {one.tier for one in said.fired if code in {seen.code for seen in one.seen}}


@pytest.mark.parametrize(("tool", "tier", "code", "quiet", "firing"), PUBLISHED)
def test_published_thresholds(
    tool: str, tier: str, code: str, quiet: list[float], firing: list[float]
) -> None:
    for value in quiet:
        assert tier not in _tiers(tool, code, value), (tool, code, value)
    for value in firing:
        assert tier in _tiers(tool, code, value), (tool, code, value)


def test_every_single_threshold_of_a_tool_is_published_above() -> None:
    told = {(tool, tier, code) for tool, tier, code, _, _ in PUBLISHED}
    coded = {
        (one.code, item.tier, part.fact)
        for one in RULESETS
        for item in one.items
        for part in comparisons(item.predicate)
        if isinstance(part.bound, int | float) and not isinstance(part.bound, bool)
    }
    elsewhere = {("mewt_2016", "severe", "map_mmhg"), ("shock_index", "alarm", "shock_index")}
    assert coded == told | elsewhere


def test_mean_arterial_pressure_below_55() -> None:
    quiet = lasting(sbp_mmhg=85, dbp_mmhg=40)  # MAP exactly 55
    firing = lasting(sbp_mmhg=85, dbp_mmhg=39)  # MAP 54.33
    assert "map_severe" not in {one.item for one in say("mewt_2016", quiet).fired}
    assert "map_severe" in {one.item for one in say("mewt_2016", firing).fired}


# Systolic pressure 100, so that the index is the heart rate in hundredths.
INDEX = [
    (89, None),
    (90, "from_0_9"),
    (99, "from_0_9"),
    (100, "from_1"),
    (150, "from_1"),
    (151, "above_1_5"),
    (200, "above_1_5"),
    (201, "above_2"),
]


@pytest.mark.parametrize(("hr", "item"), INDEX)
def test_shock_index(hr: int, item: str | None) -> None:
    said = say("shock_index", read(0, hr_per_min=hr, sbp_mmhg=100))
    assert [one.item for one in said.fired] == ([item] if item else [])
    assert said.state == ("triggered" if item else "not_triggered")
    assert said.verify == (item == "from_0_9")


PARTS: list[tuple[Item | Band, str]] = [
    (part, f"{one.code}.{part.code if isinstance(part, Item) else part.points}.{number}")
    for one in RULESETS
    for number, part in enumerate(
        [*one.items, *(band for variable in one.variables for band in variable.bands)]
    )
]


@pytest.mark.parametrize("part", [part for part, _ in PARTS], ids=[name for _, name in PARTS])
def test_every_bound_in_the_data_turns_its_own_answer(part: Item | Band) -> None:
    """At each bound the answer differs from the answer one step beyond."""
    for one in comparisons(part.predicate):
        if one.sign not in ("lt", "le", "gt", "ge"):
            continue
        assert isinstance(one.bound, int | float)
        step = 10.0 ** -(CATALOGUE.codes[one.fact].decimals)
        towards = -step if one.sign in ("lt", "ge") else step
        context = {"oxygen": "room_air"}
        for other in comparisons(part.predicate):  # facts beside it stay out of the way
            if other.fact != one.fact and other.fact != "oxygen":
                context[other.fact] = _within(part, other.fact)
        at = part.predicate.test({**context, one.fact: one.bound})
        beyond = part.predicate.test({**context, one.fact: one.bound + towards})
        assert {at, beyond} == {True, False}, (one, at, beyond)


def _within(part: Item | Band, fact: str) -> float:
    """A value of another fact that no bound of this part concerns."""
    normal = {"sbp_mmhg": 120, "dbp_mmhg": 70}
    return normal[fact]


@pytest.mark.parametrize("tool", TOOLS)
def test_bands_of_a_score_exclude_each_other(tool: str) -> None:
    for variable in TOOLS[tool].variables:
        for value in [n / 2 for n in range(601)]:
            for oxygen in ("room_air", "ventilated"):
                facts = {fact: value for fact in variable.facts if fact != "consciousness"}
                facts |= {"oxygen": oxygen}
                if "consciousness" in variable.facts:
                    continue
                held = [band.points for band in variable.bands if band.predicate.test(facts)]
                assert len(held) == 1, (variable.code, value, held)
