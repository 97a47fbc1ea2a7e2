"""The tools as data: read once, every condition parsed, every fact of the catalogue. Pure."""

import tomllib
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import msgspec

from kernel.confidence import Confidence
from kernel.predicates import AtLeast, Comparison, Not, Predicate, parse
from registry.observations.catalogue import CATALOGUE


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Wording in two languages."""

    zh: str
    en: str


class Lasting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long a reading must have been abnormal: longer than, or (inclusive) at least."""

    minutes: int
    inclusive: bool = False


class Tier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many items of this weight trigger the tool."""

    code: str
    at_least: int
    zh: str
    en: str


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """One criterion."""

    code: str
    tier: str
    zh: str
    en: str
    when: dict[str, Any]
    lasting: Lasting | None = None
    confidence: Confidence | None = None
    source: str | None = None

    @cached_property
    def predicate(self) -> Predicate:
        """The condition."""
        return parse(self.when)


class Band(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """Points for a range of a variable."""

    points: int
    when: dict[str, Any]

    @cached_property
    def predicate(self) -> Predicate:
        """The condition."""
        return parse(self.when)


class Variable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One addend of a score; its bands exclude each other."""

    code: str
    zh: str
    en: str
    bands: tuple[Band, ...]

    @property
    def facts(self) -> frozenset[str]:
        """What it asks for."""
        return frozenset().union(*(band.predicate.facts() for band in self.bands))


class Advice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a span of scores recommends, both ends inside."""

    code: str
    low: int
    high: int
    zh: str
    en: str


class Ruleset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One tool in one version."""

    code: str
    version: int
    valid_from: date
    order: int
    kind: Literal["triggers", "score"]
    confidence: Confidence
    source: str
    name: Text
    rule: Text
    tiers: tuple[Tier, ...] = ()
    items: tuple[Item, ...] = ()
    variables: tuple[Variable, ...] = ()
    advice: tuple[Advice, ...] = ()
    trigger_at: int = 0

    @property
    def facts(self) -> frozenset[str]:
        """Everything that it asks for."""
        asked = [item.predicate.facts() for item in self.items]
        return frozenset().union(*asked, *(variable.facts for variable in self.variables))


class Limit(msgspec.Struct, frozen=True):
    """A threshold as a line in a chart: beyond `bound` an item of `tier` holds."""

    fact: str
    sign: str
    bound: float
    tier: str


def load(folder: Path) -> tuple[Ruleset, ...]:
    """Read all tools, in their order.

    Raises:
        ValueError: a condition is none, or asks for what nobody observes.
    """
    read = [
        msgspec.convert(tomllib.loads(path.read_text("utf-8")), Ruleset)
        for path in sorted(folder.glob("*.toml"))
    ]
    for one in read:
        if unknown := one.facts - CATALOGUE.codes.keys():
            raise ValueError(f"{one.code}: nobody observes {sorted(unknown)}")
        if strange := {item.tier for item in one.items} - {tier.code for tier in one.tiers}:
            raise ValueError(f"{one.code}: no such tier: {sorted(strange)}")
    return tuple(sorted(read, key=lambda one: one.order))


def comparisons(predicate: Predicate) -> Iterator[Comparison]:
    """Every comparison in a condition."""
    match predicate:
        case Comparison():
            yield predicate
        case Not():
            yield from comparisons(predicate.part)
        case AtLeast():
            for part in predicate.parts:
                yield from comparisons(part)


def limits(rulesets: Iterable[Ruleset]) -> Iterator[tuple[Ruleset, Limit]]:
    """Thresholds of single numbers, for charts."""
    for one in rulesets:
        for item in one.items:
            for part in comparisons(item.predicate):
                if part.sign in ("lt", "le", "gt", "ge") and isinstance(part.bound, int | float):
                    yield one, Limit(part.fact, part.sign, float(part.bound), item.tier)


RULESETS = load(Path(__file__).parent / "rulesets")
