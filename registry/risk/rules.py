"""Facts → conditions that hold → colour. Pure: no clock, no database, no guess.

What is not known stays unknown: a condition whose facts are missing neither holds nor is ruled out,
and green is given only when every condition is ruled out. An optional item (建议项) may instead be
declared not done, by a person; nothing else lets it pass.
"""

from collections.abc import Mapping, Set
from enum import StrEnum

import msgspec

from kernel.predicates import Answer, AtLeast, Comparison, Facts, Not, Predicate, parse
from registry.risk.rulesets import PURPLE, SEVERITY, Colour, Condition, FactKind, Kind, Ruleset

NOT_DONE = "not_done"
"""The answer to an optional item that is not done here: not a finding, but said by somebody."""


class Verdict(StrEnum):
    """What became of a condition."""

    FIRED = "fired"
    CLEAR = "clear"
    UNKNOWN = "unknown"
    NOT_DONE = "not_done"


class Outcome(StrEnum):
    """The result in one word; `graded` stands for a colour."""

    UNKNOWN = "unknown"
    POSITIVE = "positive"
    NEGATIVE = "negative"
    GRADED = "graded"


class Finding(msgspec.Struct, frozen=True):
    """A condition, what became of it, and why.

    Attributes:
        because: the known facts that it looked at.
        lacking: facts that would settle it.
    """

    condition: Condition
    verdict: Verdict
    because: dict[str, object]
    lacking: tuple[str, ...]


class Evaluation(msgspec.Struct, frozen=True):
    """What a table says of the facts.

    Attributes:
        facts: what was known, derived facts included.
        colour: the highest colour that holds, green if all is ruled out, None if unknown.
        may_rise_to: the highest colour above it that is not ruled out.
        purple: whether an infectious disease is known; None while it is not ruled out.
        settled: nothing is unknown any more.
    """

    ruleset: Ruleset
    facts: dict[str, object]
    findings: tuple[Finding, ...]
    outcome: Outcome
    colour: Colour | None
    may_rise_to: Colour | None
    purple: bool | None
    settled: bool

    def codes(self, verdict: Verdict) -> list[str]:
        """Codes of the conditions with this verdict, in the table's order."""
        return [found.condition.code for found in self.findings if found.verdict is verdict]


def evaluate(
    ruleset: Ruleset, facts: Facts, known: Mapping[str, FactKind], not_done: Set[str] = frozenset()
) -> Evaluation:
    """Apply a table to what is known.

    Args:
        ruleset: the table.
        facts: what is known; derived facts are added here.
        known: how facts are described (for what a missing one is computed from).
        not_done: facts of optional items that somebody declared not done.
    """
    complete = derive(facts)
    findings = tuple(
        _find(condition, complete, known, not_done) for condition in ruleset.conditions
    )
    if ruleset.kind is Kind.SCREENING:
        return _screened(ruleset, complete, findings)
    return _graded(ruleset, complete, findings)


def derive(facts: Facts) -> dict[str, object]:
    """The facts with what follows from them: BMI, unrounded, from height and early weight."""
    found = {name: value for name, value in facts.items() if value is not None}
    height, weight = found.get("height_cm"), found.get("weight_early_kg")
    if "bmi_early_kg_per_m2" not in found and _number(height) and _number(weight):
        metres = float(str(height)) / 100
        found["bmi_early_kg_per_m2"] = float(str(weight)) / (metres * metres)
    return found


def lacking(condition: Predicate, facts: Facts) -> list[str]:
    """The unknown facts on which the answer still hangs, in the order of the condition."""
    if condition.test(facts) is not None:
        return []
    match condition:
        case Comparison(fact=fact):
            return [fact]
        case Not(part=part):
            return lacking(part, facts)
        case AtLeast(parts=parts):
            return list(dict.fromkeys(name for part in parts for name in lacking(part, facts)))
    return sorted(condition.facts() - facts.keys())


def questions(evaluation: Evaluation, known: Mapping[str, FactKind]) -> list[str]:
    """What to ask next: facts that still settle something, without those of a closed gate."""
    wanted = dict.fromkeys(name for found in evaluation.findings for name in found.lacking)
    return [name for name in wanted if _worth_asking(known[name], evaluation.facts)]


def _worth_asking(fact: FactKind, facts: Facts) -> bool:
    return fact.after is None or parse(fact.after).test(facts) is True


def _find(
    condition: Condition, facts: Facts, known: Mapping[str, FactKind], not_done: Set[str]
) -> Finding:
    answer: Answer = condition.when.test(facts)
    missing = lacking(condition.when, facts)
    parts = tuple(
        dict.fromkeys(
            name
            for fact in missing
            for name in (known[fact].parts or [fact])
            if facts.get(name) is None
        )
    )
    because = {
        name: facts[name] for name in sorted(condition.when.facts()) if facts.get(name) is not None
    }
    if answer is None and condition.optional and set(parts) <= not_done:
        return Finding(condition, Verdict.NOT_DONE, because, ())
    verdict = {True: Verdict.FIRED, False: Verdict.CLEAR, None: Verdict.UNKNOWN}[answer]
    return Finding(condition, verdict, because, parts)


def _screened(
    ruleset: Ruleset, facts: dict[str, object], findings: tuple[Finding, ...]
) -> Evaluation:
    verdicts = {found.verdict for found in findings}
    unknown = Verdict.UNKNOWN in verdicts
    if Verdict.FIRED in verdicts:
        outcome, colour = Outcome.POSITIVE, None
    elif unknown:
        outcome, colour = Outcome.UNKNOWN, None
    else:
        outcome, colour = Outcome.NEGATIVE, ruleset.clear.colour
    return Evaluation(ruleset, facts, findings, outcome, colour, None, None, not unknown)


def _graded(
    ruleset: Ruleset, facts: dict[str, object], findings: tuple[Finding, ...]
) -> Evaluation:
    fired = _severities(findings, Verdict.FIRED)
    open_ = _severities(findings, Verdict.UNKNOWN)
    purple = _purple(findings)
    settled = not open_ and purple is not None
    highest = max(fired, key=SEVERITY.__getitem__, default=None)
    colour = highest or (ruleset.clear.colour if settled else None)
    above = [tier for tier in open_ if colour is None or SEVERITY[tier] > SEVERITY[colour]]
    return Evaluation(
        ruleset,
        facts,
        findings,
        Outcome.UNKNOWN if colour is None else Outcome.GRADED,
        colour,
        max(above, key=SEVERITY.__getitem__, default=None),
        purple,
        settled,
    )


def _severities(findings: tuple[Finding, ...], verdict: Verdict) -> set[Colour]:
    return {
        Colour(found.condition.colour)
        for found in findings
        if found.verdict is verdict and found.condition.colour not in (None, PURPLE)
    }


def _purple(findings: tuple[Finding, ...]) -> bool | None:
    verdicts = {found.verdict for found in findings if found.condition.colour == PURPLE}
    if Verdict.FIRED in verdicts:
        return True
    return None if Verdict.UNKNOWN in verdicts else False


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0
