"""WHO near-miss criteria: one case per criterion with both sides of it; unknown is not "no"."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral.aftermath.commands import CriticalFacts
from referral.aftermath.near_miss import CRITERIA, mortality_index, near_miss_ratio
from referral.commands.fields import Vitals

BOTH_SIDES: list[tuple[str, dict[str, object], dict[str, object]]] = [
    ("cardiac_arrest", {"cardiac_arrest": True}, {"cardiac_arrest": False}),
    ("cpr", {"cpr": True}, {"cpr": False}),
    ("vasoactive", {"vasoactive_continuous": True}, {"vasoactive_continuous": False}),
    ("lactate", {"lactate_mmol_per_l": 5.1}, {"lactate_mmol_per_l": 5.0}),
    ("acidosis", {"ph": 7.09}, {"ph": 7.1}),
    ("cyanosis", {"cyanosis": True}, {"cyanosis": False}),
    ("gasping", {"gasping": True}, {"gasping": False}),
    ("respiratory_rate", {"rr_per_min": 41}, {"rr_per_min": 40}),
    ("respiratory_rate", {"rr_per_min": 5}, {"rr_per_min": 6}),
    ("ventilation", {"ventilation_minutes": 60}, {"ventilation_minutes": 59}),
    ("hypoxaemia", {"spo2_below_90_minutes": 60}, {"spo2_below_90_minutes": 59}),
    ("pao2_fio2", {"pao2_fio2": 199}, {"pao2_fio2": 200}),
    ("oliguria", {"oliguria_unresponsive": True}, {"oliguria_unresponsive": False}),
    ("dialysis", {"dialysis": True}, {"dialysis": False}),
    ("creatinine", {"creatinine_umol_per_l": 300}, {"creatinine_umol_per_l": 299}),
    ("failure_to_clot", {"failure_to_clot": True}, {"failure_to_clot": False}),
    ("transfusion", {"red_cell_units": 5}, {"red_cell_units": 4.5}),
    ("thrombocytopenia", {"plt_10e9_per_l": 49}, {"plt_10e9_per_l": 50}),
    (
        "jaundice",
        {"jaundice": True, "condition": "severe_preeclampsia"},
        {"jaundice": True, "condition": "pph", "preeclampsia": False},
    ),
    ("bilirubin", {"bilirubin_umol_per_l": 100.5}, {"bilirubin_umol_per_l": 100}),
    ("coma", {"unconscious_hours": 12}, {"unconscious_hours": 11.5, "coma": False}),
    ("coma", {"coma": True}, {"coma": False, "unconscious_hours": 0}),
    ("stroke", {"stroke": True}, {"stroke": False}),
    ("status_epilepticus", {"status_epilepticus": True}, {"status_epilepticus": False}),
    ("paralysis", {"total_paralysis": True}, {"total_paralysis": False}),
    (
        "ketoacidotic_loss_of_consciousness",
        {"consciousness": "unresponsive", "urine_ketones_and_glucose": True},
        {"consciousness": "alert", "urine_ketones_and_glucose": True},
    ),
    ("hysterectomy", {"hysterectomy": True}, {"hysterectomy": False}),
    ("shock", {"shock": True}, {"shock": False, "hr_per_min": 119}),
    (
        "shock",
        {"sbp_below_90_minutes": 60, "hr_per_min": 120, "fluid_given_ml": 2001},
        {
            "shock": False,
            "sbp_below_90_minutes": 60,
            "hr_per_min": 120,
            "fluid_given_ml": 2000,
        },
    ),
]


@pytest.mark.parametrize(("code", "meets", "misses"), BOTH_SIDES)
def test_both_sides_of_a_criterion(
    code: str, meets: dict[str, object], misses: dict[str, object]
) -> None:
    assert [item.code for item in CRITERIA.evaluate(meets).fired] == [code]
    found = CRITERIA.evaluate(misses)
    assert found.fired == ()
    assert code not in found.unknown


def test_every_criterion_has_its_two_sides() -> None:
    assert {code for code, _, _ in BOTH_SIDES} == {item.code for item in CRITERIA.criteria}


def test_units_are_the_canonical_ones() -> None:
    """Published tables print µmol/ml and platelets/ml; 50 000 platelets per µL are 50×10⁹/L."""
    numbers = {name for name in CRITERIA.facts() if "plt" in name or "umol" in name}
    assert numbers == {"plt_10e9_per_l", "creatinine_umol_per_l", "bilirubin_umol_per_l"}


def test_every_fact_can_be_entered_or_measured() -> None:
    measured = {
        "lactate_mmol_per_l",
        "ph",
        "pao2_fio2",
        "creatinine_umol_per_l",
        "bilirubin_umol_per_l",
        "plt_10e9_per_l",
        "condition",
    }
    entered = set(CriticalFacts.__struct_fields__) | set(Vitals.__struct_fields__)
    assert CRITERIA.facts() - entered == measured


def test_nothing_known_is_unknown_throughout_and_proposes_nothing() -> None:
    found = CRITERIA.evaluate({})
    assert found.fired == ()
    assert set(found.unknown) == {item.code for item in CRITERIA.criteria}


def test_one_bad_moment_of_a_course_is_enough_and_says_with_which_value() -> None:
    found = CRITERIA.over(
        {"red_cell_units": 6}, [{"rr_per_min": 22}, {"rr_per_min": 44}, {"rr_per_min": 20}]
    )
    assert [(item.code, dict(item.values)) for item in found.fired] == [
        ("respiratory_rate", {"rr_per_min": 44}),
        ("transfusion", {"red_cell_units": 6}),
    ]
    assert "respiratory_rate" not in found.unknown
    assert "lactate" in found.unknown


@given(st.permutations(["cpr", "hysterectomy", "dialysis"]))
def test_a_proposal_is_known_by_its_criteria_not_by_their_order(order: list[str]) -> None:
    told = CRITERIA.evaluate(dict.fromkeys(order, True))
    assert (
        told.fingerprint
        == CRITERIA.evaluate({"cpr": 1 > 0, "dialysis": True, "hysterectomy": True}).fingerprint
    )
    assert told.fingerprint != CRITERIA.evaluate({"cpr": True}).fingerprint


def test_hangzhou_index_puts_the_deaths_into_the_denominator() -> None:
    assert round(mortality_index(6, 1790) * 100, 2) == 0.33  # type: ignore[operator]
    assert round(near_miss_ratio(1790, 182_514) * 100, 2) == 0.98  # type: ignore[operator]
    assert mortality_index(0, 0) is None
    assert near_miss_ratio(3, 0) is None
