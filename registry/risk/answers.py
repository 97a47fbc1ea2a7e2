"""What an answer to a question may be. Pure."""

from collections.abc import Iterable

from registry.risk.errors import AnswerInvalid, FactUnknown
from registry.risk.rules import NOT_DONE
from registry.risk.rulesets import FactKind, Ruleset, rulebook

Value = bool | float | str | None


def check(fact: str, value: Value, tables: Iterable[Ruleset]) -> None:
    """Refuse what does not fit the question; None takes an earlier answer back.

    Raises:
        FactUnknown: no table asks for it, or it is computed and never asked.
        AnswerInvalid: of another kind, beyond all bounds, or "not done" of a mandatory item.
    """
    kind = rulebook().facts.get(fact)
    if kind is None or kind.parts:
        raise FactUnknown(fact=fact)
    if value is None:
        return
    if value == NOT_DONE:
        if not may_be_skipped(fact, tables):
            raise AnswerInvalid(fact=kind.zh, wanted="必选项目 / a mandatory item")
        return
    if not _fits(kind, value):
        raise AnswerInvalid(fact=kind.zh, wanted=_wanted(kind))


def may_be_skipped(fact: str, tables: Iterable[Ruleset]) -> bool:
    """Whether only optional items (建议项) ask for it."""
    asking = [
        condition.optional
        for table in tables
        for condition in table.conditions
        if fact in condition.when.facts()
    ]
    return any(asking)


def _fits(kind: FactKind, value: Value) -> bool:
    if kind.kind == "boolean":
        return isinstance(value, bool)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    whole = kind.kind == "number" or float(value).is_integer()
    low = kind.min is None or value >= kind.min
    return whole and low and (kind.max is None or value <= kind.max)


def _wanted(kind: FactKind) -> str:
    if kind.kind == "boolean":
        return "是或否 / yes or no"
    return f"{kind.min:g}–{kind.max:g} {kind.unit}".strip()
