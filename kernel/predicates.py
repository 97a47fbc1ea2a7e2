"""Conditions of clinical rules as data, with three answers: yes, no, and not known.

A rule file says what must hold of which fact; what has not been measured or asked stays unknown
and is never taken for "no". The same language serves risk grading, early warning, near-miss
criteria and clocks:

    { fact = "hb_g_per_l", ge = 40, lt = 60 }            comparisons of one fact, all must hold
    { fact = "conditions", has = "eclampsia" }           one of a set
    { fact = "rh", in = ["-"] }                          one of several values
    { all = [ … ] }   { any = [ … ] }   { not = { … } }  Kleene's logic
    { at_least = 2, of = [ … ] }                         e.g. two yellow readings

A comparison with a fact that is absent or None is unknown. `any` is true as soon as one part is,
whatever is unknown beside it; `all` is false as soon as one part is.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

Facts = Mapping[str, object]
"""What is known, by name; the unit stands in the name. Absent or None means unknown."""

Answer = bool | None
"""True, False, or None: not known."""


class Predicate(Protocol):
    """A condition on facts."""

    def test(self, facts: Facts) -> Answer:
        """Whether it holds; None where what is known does not decide it."""

    def facts(self) -> frozenset[str]:
        """Names of the facts that it asks for."""


def _has(value: object, wanted: object) -> bool:
    return isinstance(value, list | tuple | set | frozenset) and wanted in value


def _one_of(value: object, wanted: object) -> bool:
    return isinstance(wanted, tuple) and value in wanted


_ORDER: dict[str, Callable[[float, float], bool]] = {
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
_LIKENESS: dict[str, Callable[[object, object], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "is": operator.is_,
    "in": _one_of,
    "has": _has,
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One fact against one bound."""

    fact: str
    sign: str
    bound: object

    def test(self, facts: Facts) -> Answer:
        """Unknown when the fact is; a wrong type of fact is a defect of the caller.

        Raises:
            TypeError: an order was asked of something that is not a number.
        """
        value = facts.get(self.fact)
        if value is None:
            return None
        if self.sign in _LIKENESS:
            return _LIKENESS[self.sign](value, self.bound)
        return _ORDER[self.sign](_number(self.fact, value), _number(self.fact, self.bound))

    def facts(self) -> frozenset[str]:
        """The one fact."""
        return frozenset({self.fact})


@dataclass(frozen=True, slots=True)
class Not:
    """Turns yes and no; unknown stays unknown."""

    part: Predicate

    def test(self, facts: Facts) -> Answer:
        """The opposite."""
        answer = self.part.test(facts)
        return None if answer is None else not answer

    def facts(self) -> frozenset[str]:
        """Those of the part."""
        return self.part.facts()


@dataclass(frozen=True, slots=True)
class AtLeast:
    """So many of the parts hold: one of them is `any`, every one is `all`."""

    wanted: int
    parts: tuple[Predicate, ...]

    def test(self, facts: Facts) -> Answer:
        """True once enough hold, false once too few still can."""
        answers = [part.test(facts) for part in self.parts]
        sure = answers.count(True)
        if sure >= self.wanted:
            return True
        return False if sure + answers.count(None) < self.wanted else None

    def facts(self) -> frozenset[str]:
        """Those of all parts."""
        return frozenset().union(*(part.facts() for part in self.parts))


def parse(raw: object) -> Predicate:
    """Read a condition as it stands in a rule file.

    Raises:
        ValueError: it is none; names the piece that is wrong.
    """
    if not isinstance(raw, dict):
        raise ValueError(f"not a condition: {raw!r}")
    match raw:
        case {"fact": str(fact), **signs}:
            return _comparisons(fact, signs)
        case {"not": part, **rest} if not rest:
            return Not(parse(part))
        case {"all": list(parts), **rest} if parts and not rest:
            return AtLeast(len(parts), tuple(map(parse, parts)))
        case {"any": list(parts), **rest} if parts and not rest:
            return AtLeast(1, tuple(map(parse, parts)))
        case {"at_least": int(wanted), "of": list(parts), **rest} if (
            not rest and 1 <= wanted <= len(parts)
        ):
            return AtLeast(wanted, tuple(map(parse, parts)))
    raise ValueError(f"not a condition: {raw!r}")


def _comparisons(fact: str, signs: Mapping[str, object]) -> Predicate:
    found: list[Predicate] = []
    for sign, bound in signs.items():
        if sign not in _ORDER and sign not in _LIKENESS:
            raise ValueError(f"{fact}: no such comparison: {sign}")
        if sign in _ORDER:
            _number(fact, bound)
        if sign == "in" and not isinstance(bound, list):
            raise ValueError(f"{fact}: `in` takes a list")
        found.append(Comparison(fact, sign, tuple(bound) if isinstance(bound, list) else bound))
    if not found:
        raise ValueError(f"{fact}: compared with nothing")
    return found[0] if len(found) == 1 else AtLeast(len(found), tuple(found))


def _number(fact: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{fact}: not a number: {value!r}")
    return value
