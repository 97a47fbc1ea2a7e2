"""Evaluations, facts and grades as the API shows them. Pure."""

from collections.abc import Mapping
from datetime import date

from registry.risk.models import GradeRow
from registry.risk.rules import NOT_DONE, Evaluation, Finding, Verdict, questions
from registry.risk.rulesets import PURPLE, Kind, Ruleset, rulebook
from registry.risk.schemas import (
    ConditionOut,
    EvaluationOut,
    FindingOut,
    MeaningOut,
    QuestionOut,
    RiskFactOut,
    RiskGroupOut,
    RiskTableOut,
)


def evaluation_out(evaluation: Evaluation, day: date, *, whole: bool) -> EvaluationOut:
    """An evaluation; without `whole`, conditions that are ruled out are left out."""
    return EvaluationOut(
        ruleset=RiskTableOut.of(evaluation.ruleset, day),
        outcome=evaluation.outcome,
        colour=evaluation.colour,
        may_rise_to=evaluation.may_rise_to,
        purple=evaluation.purple,
        settled=evaluation.settled,
        advice=_advice(evaluation),
        findings=[
            _finding(found, evaluation.facts)
            for found in evaluation.findings
            if whole or found.verdict is not Verdict.CLEAR
        ],
        questions=_questions(evaluation),
        groups=[
            RiskGroupOut(name, words.zh, words.en)
            for name, words in evaluation.ruleset.groups.items()
        ],
    )


def fact_out(name: str, value: object) -> RiskFactOut:
    """A fact with its words; numbers keep two decimals at most."""
    kind = rulebook().facts[name]
    shown = round(value, 2) if isinstance(value, float) else value
    known = shown if isinstance(shown, bool | int | float) else NOT_DONE
    unit_en = kind.unit if kind.unit_en is None else kind.unit_en
    return RiskFactOut(name, kind.zh, kind.en, known, kind.unit, unit_en)


def colours_out(ruleset: Ruleset) -> list[MeaningOut]:
    """The severities that a person may choose in this table, rising. Purple stands beside them."""
    return [
        MeaningOut.of(colour, words)
        for colour, words in ruleset.colours.items()
        if colour != PURPLE
    ]


def conditions_of(row: GradeRow) -> list[ConditionOut]:
    """The conditions that held, in the words of the table as it stands today."""
    ruleset = rulebook().get(row.variant, Kind(row.kind))
    held = {} if ruleset is None else {entry.code: entry for entry in ruleset.conditions}
    return [ConditionOut.of(held[code]) for code in row.fired if code in held]


def _advice(evaluation: Evaluation) -> list[MeaningOut]:
    wanted = [evaluation.colour, PURPLE if evaluation.purple else None]
    colours = evaluation.ruleset.colours
    return [MeaningOut.of(colour, colours[colour]) for colour in wanted if colour in colours]


def _finding(found: Finding, facts: Mapping[str, object]) -> FindingOut:
    return FindingOut(
        condition=ConditionOut.of(found.condition),
        verdict=found.verdict,
        because=[fact_out(name, facts[name]) for name in found.because],
        lacking=list(found.lacking),
    )


def _questions(evaluation: Evaluation) -> list[QuestionOut]:
    known = rulebook().facts
    group: dict[str, str] = {}
    mandatory: set[str] = set()
    for found in evaluation.findings:
        for name in found.lacking:
            group.setdefault(name, found.condition.group)
            if not found.condition.optional:
                mandatory.add(name)
    return [
        QuestionOut.of(name, group[name], known[name], optional=name not in mandatory)
        for name in questions(evaluation, known)
    ]
