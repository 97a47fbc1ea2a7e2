"""Every condition, every boundary, and what is not known."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.predicates import Comparison
from registry.risk.rules import (
    Evaluation,
    Outcome,
    Verdict,
    derive,
    evaluate,
    lacking,
    questions,
)
from registry.risk.rulesets import NATIONAL, SEVERITY, Colour, Condition, Kind, Ruleset, rulebook
from tests.registry.risk.women import HEALTHY, healthy, none_of_it

RULEBOOK = rulebook()
SCREENING = RULEBOOK.rulesets[NATIONAL, Kind.SCREENING]
ASSESSMENT = RULEBOOK.rulesets[NATIONAL, Kind.ASSESSMENT]
EXAMPLES = tomllib.loads((Path(__file__).parent / "examples.toml").read_text("utf-8"))


def judged(ruleset: Ruleset, facts: dict[str, object], *not_done: str) -> Evaluation:
    return evaluate(ruleset, facts, RULEBOOK.facts, frozenset(not_done))


def grade(**changed: object) -> tuple[Colour | None, bool | None]:
    """Colour and purple of an otherwise healthy woman under the national table."""
    found = judged(ASSESSMENT, healthy(ASSESSMENT, **changed))
    return found.colour, found.purple


def every_condition() -> list[tuple[str, Condition]]:
    """Each condition once: those that a variant inherits are the base's."""
    seen: dict[int, tuple[str, Condition]] = {}
    for ruleset in RULEBOOK.rulesets.values():
        for condition in ruleset.conditions:
            seen.setdefault(id(condition), (f"{ruleset.variant}-{condition.code}", condition))
    return list(seen.values())


def examples(condition: Condition) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Facts that make it hold and facts that rule it out."""
    if condition.code in EXAMPLES:
        return EXAMPLES[condition.code]["fires"], EXAMPLES[condition.code]["clear"]
    asked = condition.when
    assert isinstance(asked, Comparison), f"{condition.code}: examples.toml has none"
    assert asked.sign == "is", f"{condition.code}: examples.toml has none"
    return [{asked.fact: True}], [{asked.fact: False}]


@pytest.mark.parametrize(
    ("name", "condition"), every_condition(), ids=lambda value: str(value)[:40]
)
def test_each_condition_holds_is_ruled_out_and_is_unknown(name: str, condition: Condition) -> None:
    fires, clear = examples(condition)
    for facts in fires:
        assert condition.when.test(derive(facts)) is True, (name, facts)
    for facts in clear:
        assert condition.when.test(derive(facts)) is False, (name, facts)
    assert condition.when.test({}) is None
    assert set(lacking(condition.when, {})) == set(condition.when.facts())


@pytest.mark.parametrize(
    "condition", [c for c in ASSESSMENT.conditions if c.colour != "purple"], ids=lambda c: c.code
)
def test_each_condition_gives_its_colour_or_a_higher_one(condition: Condition) -> None:
    for facts in examples(condition)[0]:
        found = judged(ASSESSMENT, healthy(ASSESSMENT) | facts)
        assert condition.code in found.codes(Verdict.FIRED)
        assert found.colour is not None
        assert SEVERITY[found.colour] >= SEVERITY[Colour(str(condition.colour))]
        assert found.purple is False


@pytest.mark.parametrize("condition", SCREENING.conditions, ids=lambda c: c.code)
def test_any_positive_item_makes_the_screening_positive(condition: Condition) -> None:
    for facts in examples(condition)[0]:
        found = judged(SCREENING, healthy(SCREENING) | facts)
        assert found.outcome is Outcome.POSITIVE
        assert found.colour is None, "screening gives no colour but the clear one"


@pytest.mark.parametrize(
    "fact",
    [
        "viral_hepatitis",
        "syphilis",
        "hiv",
        "tuberculosis",
        "severe_infectious_pneumonia",
        "special_viral_infection",
    ],
)
def test_purple_is_beside_the_severity_never_instead(fact: str) -> None:
    assert grade(**{fact: True}) == (Colour.GREEN, True)
    assert grade(**{fact: True, "severe_preeclampsia": True}) == (Colour.ORANGE, True)


@pytest.mark.parametrize(
    ("hb", "colour"),
    [
        (39, "red"),
        (40, "red"),
        (41, "orange"),
        (59, "orange"),
        (60, "orange"),
        (60.1, "yellow"),
        (61, "yellow"),
        (110, "yellow"),
        (110.1, "green"),
    ],
)
def test_haemoglobin_on_a_boundary_takes_the_higher_colour(hb: float, colour: str) -> None:
    assert grade(hb_g_per_l=hb)[0] == colour


@pytest.mark.parametrize(
    ("plt", "colour"),
    [
        (29, "red"),
        (30, "red"),
        (31, "orange"),
        (50, "orange"),
        (51, "yellow"),
        (100, "yellow"),
        (101, "green"),
    ],
)
def test_platelets_on_a_boundary_take_the_higher_colour(plt: int, colour: str) -> None:
    assert grade(plt_10e9_per_l=plt)[0] == colour


def test_low_platelets_with_bleeding_or_falling_are_red() -> None:
    assert grade(plt_10e9_per_l=90, bleeding_tendency=True)[0] is Colour.RED
    assert grade(plt_10e9_per_l=90, platelets_falling=True)[0] is Colour.RED


def test_110_and_100_are_yellow_in_the_assessment_but_not_positive_in_the_screening() -> None:
    at_the_edge = {"hb_g_per_l": 110, "plt_10e9_per_l": 100}
    assert judged(SCREENING, healthy(SCREENING, **at_the_edge)).outcome is Outcome.NEGATIVE
    assert grade(**at_the_edge)[0] is Colour.YELLOW


@pytest.mark.parametrize(("area", "colour"), [(1.4, "red"), (1.5, "red"), (1.51, "orange")])
def test_a_mitral_area_of_exactly_1_5_takes_the_higher_colour(area: float, colour: str) -> None:
    assert grade(mitral_stenosis=True, mitral_valve_area_cm2=area)[0] == colour


def test_stenosis_not_yet_measured_is_orange_and_may_rise_to_red() -> None:
    found = judged(ASSESSMENT, healthy(ASSESSMENT, mitral_stenosis=True))
    assert (found.colour, found.may_rise_to, found.settled) == (Colour.ORANGE, Colour.RED, False)


@pytest.mark.parametrize(("pressure", "colour"), [(49, "orange"), (50, "red")])
def test_pulmonary_hypertension(pressure: int, colour: str) -> None:
    found = grade(pulmonary_hypertension=True, pulmonary_artery_pressure_mmhg=pressure)
    assert found[0] == colour


def test_an_hbsag_carrier_is_yellow_and_not_purple_unless_the_variant_says_so() -> None:
    assert grade(hbsag_positive=True) == (Colour.YELLOW, False)
    assert grade(hbsag_positive=True, viral_hepatitis=True) == (Colour.YELLOW, True)
    variant = RULEBOOK.rulesets["national_2017_carrier_purple", Kind.ASSESSMENT]
    found = judged(variant, healthy(variant, hbsag_positive=True))
    assert (found.colour, found.purple) == (Colour.YELLOW, True)


@pytest.mark.parametrize(
    ("today", "at_edd", "colour"),
    [
        (18, 18, "yellow"),
        (18, 19, "yellow"),
        (19, 19, "green"),
        (34, 34, "green"),
        (34, 35, "yellow"),
        (39, 40, "orange"),
        (40, 40, "orange"),
    ],
)
def test_age_counts_young_today_and_old_at_the_expected_date(
    today: int, at_edd: int, colour: str
) -> None:
    assert grade(age_years=today, age_at_edd_years=at_edd)[0] == colour


@pytest.mark.parametrize(
    ("bmi", "colour"),
    [(18.4, "yellow"), (18.5, "green"), (25, "green"), (25.01, "yellow"), (28, "orange")],
)
def test_bmi_is_not_rounded(bmi: float, colour: str) -> None:
    assert grade(height_cm=100, weight_early_kg=bmi)[0] == colour


def test_with_several_colours_the_highest_counts() -> None:
    found = judged(
        ASSESSMENT, healthy(ASSESSMENT, hb_g_per_l=90, severe_preeclampsia=True, endocarditis=True)
    )
    assert found.codes(Verdict.FIRED) == ["Y2.6.2", "O3.7", "R1.1.5"]
    assert found.colour is Colour.RED


def test_nothing_known_is_unknown_and_never_green() -> None:
    found = judged(ASSESSMENT, {})
    assert (found.outcome, found.colour, found.purple) == (Outcome.UNKNOWN, None, None)
    assert found.may_rise_to is Colour.RED
    assert judged(SCREENING, {}).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("kind", list(Kind))
def test_one_missing_fact_keeps_the_green_away(kind: Kind) -> None:
    ruleset = RULEBOOK.rulesets[NATIONAL, kind]
    complete = healthy(ruleset)
    assert judged(ruleset, complete).colour is Colour.GREEN
    for name in sorted(ruleset.facts() & complete.keys()):
        fewer = {fact: value for fact, value in complete.items() if fact != name}
        found = judged(ruleset, fewer)
        settled_without = not any(name in finding.lacking for finding in found.findings)
        assert found.colour is (Colour.GREEN if settled_without else None), name
        assert found.settled is settled_without


def test_an_unasked_infection_keeps_the_green_away_too() -> None:
    facts = healthy(ASSESSMENT)
    del facts["syphilis"]
    found = judged(ASSESSMENT, facts)
    assert (found.colour, found.purple, found.settled) == (None, None, False)


def test_an_optional_item_passes_only_when_somebody_says_that_it_was_not_done() -> None:
    facts = healthy(SCREENING)
    del facts["ferritin_ug_per_l"], facts["hb_g_per_l"]
    assert judged(SCREENING, facts).outcome is Outcome.UNKNOWN
    found = judged(SCREENING, facts, "ferritin_ug_per_l", "hb_g_per_l")
    assert found.outcome is Outcome.NEGATIVE
    assert found.codes(Verdict.NOT_DONE) == ["S6.1", "S6.7"]


def test_a_mandatory_item_cannot_be_declared_not_done() -> None:
    facts = healthy(SCREENING)
    del facts["rh_negative"]
    assert judged(SCREENING, facts, "rh_negative").outcome is Outcome.UNKNOWN
    assert not any(condition.optional for condition in ASSESSMENT.conditions)


def test_a_finding_says_why_and_what_is_lacking() -> None:
    found = judged(ASSESSMENT, {"height_cm": 160})
    bmi = next(finding for finding in found.findings if finding.condition.code == "O1.2")
    assert bmi.verdict is Verdict.UNKNOWN
    assert bmi.lacking == ("weight_early_kg",), "what the missing BMI is computed from"
    found = judged(ASSESSMENT, {"hb_g_per_l": 55})
    anaemia = next(finding for finding in found.findings if finding.condition.code == "O2.6.2")
    assert (anaemia.verdict, anaemia.because) == (Verdict.FIRED, {"hb_g_per_l": 55})


def test_a_measured_value_is_asked_only_behind_its_gate() -> None:
    start = questions(judged(ASSESSMENT, {}), RULEBOOK.facts)
    assert "mitral_stenosis" in start
    assert "mitral_valve_area_cm2" not in start
    facts = {"mitral_stenosis": True}
    assert "mitral_valve_area_cm2" in questions(judged(ASSESSMENT, facts), RULEBOOK.facts)
    facts = HEALTHY | none_of_it(ASSESSMENT)
    assert questions(judged(ASSESSMENT, facts), RULEBOOK.facts) == []


@given(
    st.dictionaries(
        st.sampled_from(
            sorted(f for f in ASSESSMENT.facts() if RULEBOOK.facts[f].kind == "boolean")
        ),
        st.booleans(),
        max_size=40,
    ),
    st.floats(20, 200),
    st.integers(0, 400),
)
def test_learning_more_never_lowers_what_holds(
    facts: dict[str, object], hb: float, plt: int
) -> None:
    before = judged(ASSESSMENT, dict(facts))
    after = judged(ASSESSMENT, facts | {"hb_g_per_l": hb, "plt_10e9_per_l": plt})
    assert set(before.codes(Verdict.FIRED)) <= set(after.codes(Verdict.FIRED))
    if before.colour is not None:
        assert after.colour is not None
        assert SEVERITY[after.colour] >= SEVERITY[before.colour]
    if after.colour is Colour.GREEN:
        assert after.settled
