"""The tables as data: national ones, and regional variants laid over them. Pure.

A variant names its `base` and holds only what differs: a condition with a known code replaces that
one, a new code adds, `removes` takes away. What is marked B or I shows as 待核实.
"""

import tomllib
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from kernel.confidence import Confidence, unverified
from kernel.predicates import Predicate, parse

FOLDER = Path(__file__).parent / "rulesets"
NATIONAL = "national_2017"
"""In force wherever a region has chosen no variant."""


class Kind(StrEnum):
    """Screening decides who is assessed; assessment gives the colour."""

    SCREENING = "screening"
    ASSESSMENT = "assessment"


class Colour(StrEnum):
    """Severity in rising order; pink is Guangzhou's, critical is Beijing's tier above red."""

    GREEN = "green"
    YELLOW = "yellow"
    ORANGE = "orange"
    PINK = "pink"
    RED = "red"
    CRITICAL = "critical"


SEVERITY: Mapping[Colour, int] = {colour: rank for rank, colour in enumerate(Colour)}
PURPLE = "purple"
"""Infectious disease: shown beside a severity, never instead of it, and no rank among them."""


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same words in both languages."""

    zh: str
    en: str


class Meaning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a colour is called and what follows from it."""

    zh: str
    en: str
    advice_zh: str
    advice_en: str
    confidence: Confidence


class Clear(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What it means when no condition holds."""

    colour: Colour
    zh: str
    en: str
    source: str
    confidence: Confidence


class FactKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"parts": "from"}):
    """One thing that can be known of her.

    Attributes:
        kind: what an answer looks like.
        source: `observation` and `pregnancy` are filled from her record, `answer` is asked.
        after: the raw condition under which it is worth asking.
        parts: facts that this one is computed from; it is then never asked itself.
    """

    zh: str
    en: str
    kind: Literal["boolean", "integer", "number"]
    unit: str = ""
    unit_en: str | None = None
    min: float | None = None
    max: float | None = None
    source: Literal["answer", "observation", "pregnancy"] = "answer"
    after: dict[str, Any] | None = None
    parts: list[str] = []


class Condition(msgspec.Struct, frozen=True):
    """One line of a table."""

    code: str
    group: str
    colour: str | None
    optional: bool
    zh: str
    en: str
    note_zh: str
    note_en: str
    source: str
    confidence: Confidence
    when: Predicate

    @property
    def to_be_verified(self) -> bool:
        """Shown as 待核实 wherever the condition shows."""
        return unverified(self.confidence)


class Ruleset(msgspec.Struct, frozen=True):
    """One table of one variant, complete."""

    variant: str
    kind: Kind
    version: str
    valid_from: date
    valid_until: date | None
    zh: str
    en: str
    source: str
    confidence: Confidence
    clear: Clear
    colours: dict[str, Meaning]
    groups: dict[str, Words]
    conditions: tuple[Condition, ...]

    def in_force(self, day: date) -> bool:
        """Whether it is valid on `day`; `valid_until` is the first day it is not."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)

    def facts(self) -> frozenset[str]:
        """Every fact that a condition asks for."""
        return frozenset().union(*(condition.when.facts() for condition in self.conditions))


class Rulebook(msgspec.Struct, frozen=True):
    """All tables, and the facts that they ask for."""

    rulesets: dict[tuple[str, Kind], Ruleset]
    facts: dict[str, FactKind]

    def get(self, variant: str, kind: Kind) -> Ruleset | None:
        """A variant's table; the national one where the variant has none of this kind."""
        found = self.rulesets.get((variant, kind))
        known = any(held == variant for held, _ in self.rulesets)
        return found or (self.rulesets[NATIONAL, kind] if known else None)

    def on(self, variant: str, kind: Kind, day: date) -> Ruleset:
        """The table to use on `day`: the national one where the variant's is not in force."""
        found = self.rulesets.get((variant, kind))
        if found is None or not found.in_force(day):
            return self.rulesets[NATIONAL, kind]
        return found


class _RawCondition(msgspec.Struct, forbid_unknown_fields=True):
    code: str
    group: str
    zh: str
    en: str
    colour: str | None = None
    optional: bool = False
    note_zh: str = ""
    note_en: str = ""
    source: str | None = None
    confidence: Confidence | None = None
    asks: str | None = None
    when: dict[str, Any] | None = None


class _RawRuleset(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    kind: Kind
    version: str
    valid_from: date
    zh: str
    en: str
    source: str
    confidence: Confidence
    condition: list[_RawCondition]
    valid_until: date | None = None
    base: str | None = None
    removes: list[str] = []
    clear: Clear | None = None
    colours: dict[str, Meaning] = {}
    groups: dict[str, Words] = {}


@lru_cache
def rulebook(folder: Path = FOLDER) -> Rulebook:
    """Read all tables; a mistake in one is found here, not at a bedside.

    Raises:
        ValueError: a table contradicts itself or asks for a fact that nobody describes.
    """
    raw = [
        msgspec.convert(tomllib.loads(path.read_text("utf-8")), _RawRuleset)
        for path in sorted(folder.glob("*.toml"))
        if path.name != "facts.toml"
    ]
    found: dict[tuple[str, Kind], Ruleset] = {}
    for entry in sorted(raw, key=lambda entry: entry.base is not None):
        base = None if entry.base is None else found[entry.base, entry.kind]
        found[entry.id, entry.kind] = _complete(entry, base)
    described = msgspec.convert(
        tomllib.loads((folder / "facts.toml").read_text("utf-8")), dict[str, FactKind]
    )
    facts = _questions(raw) | described
    for ruleset in found.values():
        if unknown := ruleset.facts() - facts.keys():
            raise ValueError(f"{ruleset.variant}: nobody describes {sorted(unknown)}")
    return Rulebook(found, facts)


def _complete(raw: _RawRuleset, base: Ruleset | None) -> Ruleset:
    held = {} if base is None else {entry.code: entry for entry in base.conditions}
    if missing := set(raw.removes) - held.keys():
        raise ValueError(f"{raw.id}: removes what is not there: {sorted(missing)}")
    conditions = {code: entry for code, entry in held.items() if code not in raw.removes}
    conditions |= {entry.code: _condition(raw, entry) for entry in raw.condition}
    if len({entry.code for entry in raw.condition}) != len(raw.condition):
        raise ValueError(f"{raw.id}: a code stands twice")
    clear = raw.clear or (base.clear if base else None)
    if clear is None:
        raise ValueError(f"{raw.id}: says nothing of when no condition holds")
    complete = Ruleset(
        variant=raw.id,
        kind=raw.kind,
        version=raw.version if base is None else f"{base.version}+{raw.id}.{raw.version}",
        valid_from=raw.valid_from,
        valid_until=raw.valid_until,
        zh=raw.zh,
        en=raw.en,
        source=raw.source,
        confidence=raw.confidence,
        clear=clear,
        colours=(base.colours if base else {}) | raw.colours,
        groups=(base.groups if base else {}) | raw.groups,
        conditions=tuple(conditions.values()),
    )
    _consistent(complete)
    return complete


def _condition(ruleset: _RawRuleset, raw: _RawCondition) -> Condition:
    if (raw.asks is None) == (raw.when is None):
        raise ValueError(f"{raw.code}: has either `asks` or `when`")
    when = raw.when if raw.when is not None else {"fact": raw.asks, "is": True}
    return Condition(
        code=raw.code,
        group=raw.group,
        colour=raw.colour,
        optional=raw.optional,
        zh=raw.zh,
        en=raw.en,
        note_zh=raw.note_zh,
        note_en=raw.note_en,
        source=raw.source or ruleset.source,
        confidence=raw.confidence or ruleset.confidence,
        when=parse(when),
    )


def _consistent(ruleset: Ruleset) -> None:
    for condition in ruleset.conditions:
        if condition.group not in ruleset.groups:
            raise ValueError(f"{condition.code}: no group {condition.group}")
        coloured = condition.colour in ruleset.colours
        if coloured != (ruleset.kind is Kind.ASSESSMENT):
            raise ValueError(f"{condition.code}: colour {condition.colour} does not fit")


def _questions(raw: list[_RawRuleset]) -> dict[str, FactKind]:
    """Yes-or-no facts in the words of the condition that asks; the national table's words first."""
    found: dict[str, FactKind] = {}
    for entry in sorted(raw, key=lambda entry: entry.base is not None):
        for condition in entry.condition:
            if condition.asks is not None and condition.asks not in found:
                words = FactKind(zh=condition.zh, en=condition.en, kind="boolean")
                found[condition.asks] = words
    return found
