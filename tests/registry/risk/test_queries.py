"""A table tried without storing, and the list of tables."""

from datetime import UTC, datetime

import pytest

from kernel.clock import SimulatedClock
from registry.risk import queries
from registry.risk.errors import AnswerInvalid, FactUnknown, RulesetUnknown
from registry.risk.rules import Outcome, Verdict
from registry.risk.rulesets import Colour, Kind
from registry.risk.schemas import EvaluationOut, RiskAnswer, TryTable

CLOCK = SimulatedClock(datetime(2026, 11, 22, 2, 0, tzinfo=UTC))


def tried(variant: str, kind: Kind = Kind.ASSESSMENT, **facts: bool | float | str) -> EvaluationOut:
    """What the page of trying shows."""
    answers = [RiskAnswer(fact=name, value=value) for name, value in facts.items()]  # type: ignore[arg-type]
    return queries.try_out(CLOCK, TryTable(variant=variant, kind=kind, answers=answers))


def test_the_tables_are_listed_with_source_confidence_and_whether_in_force() -> None:
    found = {(entry.variant, entry.kind): entry for entry in queries.rulesets(CLOCK)}
    assert found["national_2017", Kind.ASSESSMENT].in_force
    guangzhou = found["guangzhou_2019", Kind.ASSESSMENT]
    assert not guangzhou.in_force, "five years are over"
    assert guangzhou.confidence == "S"
    assert found["national_2017_carrier_purple", Kind.ASSESSMENT].to_be_verified


def test_every_condition_comes_with_its_verdict_source_and_reason() -> None:
    found = tried("national_2017", hb_g_per_l=60, height_cm=160, weight_early_kg=80)
    assert len(found.findings) == 105
    fired = {entry.condition.code: entry for entry in found.findings if entry.verdict == "fired"}
    assert set(fired) == {"Y1.2", "O1.2", "Y2.6.2", "O2.6.2"}
    assert (found.colour, found.may_rise_to) == (Colour.ORANGE, Colour.RED)
    (why,) = fired["O1.2"].because
    assert (why.fact, why.value, why.unit) == ("bmi_early_kg_per_m2", 31.25, "kg/m²")
    assert all(entry.condition.source for entry in found.findings)
    assert [entry.colour for entry in found.advice] == ["orange"]


def test_the_form_asks_only_what_still_settles_something() -> None:
    start = {question.fact for question in tried("national_2017").questions}
    assert "hb_g_per_l" in start
    assert "bmi_early_kg_per_m2" not in start, "computed, never asked"
    after = {question.fact for question in tried("national_2017", hb_g_per_l=60).questions}
    assert after == start - {"hb_g_per_l"}
    gated = {question.fact for question in tried("national_2017", mitral_stenosis=True).questions}
    assert gated - start == {"mitral_valve_area_cm2"}


def test_optional_questions_say_so_and_may_be_declared_not_done() -> None:
    asked = {q.fact: q.optional for q in tried("national_2017", Kind.SCREENING).questions}
    assert asked["ferritin_ug_per_l"]
    assert not asked["hiv"]
    found = tried("national_2017", Kind.SCREENING, ferritin_ug_per_l="not_done")
    verdicts = {entry.condition.code: entry.verdict for entry in found.findings}
    assert verdicts["S6.7"] is Verdict.NOT_DONE
    assert found.outcome is Outcome.UNKNOWN


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(RulesetUnknown):
        tried("nowhere")
    with pytest.raises(FactUnknown):
        tried("national_2017", unheard_of=True)
    with pytest.raises(AnswerInvalid):
        tried("national_2017", hb_g_per_l="not_done")
