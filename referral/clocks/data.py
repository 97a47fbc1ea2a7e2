"""The clocks as data: milestones, condition sets, delay reasons; validated when loaded.

One file per condition set and version in `sets/`. What is marked B (background) or I (inferred)
shows as 待核实, to be verified, wherever it shows. Most intervals have no published limit: then
there is no target, and no number is made up.
"""

import tomllib
from collections.abc import Iterable
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal

import msgspec

from kernel.confidence import Confidence, unverified
from kernel.predicates import Predicate, parse

Where = Literal["origin", "receiver", "here"]
"""Whose clock it is: the sender's, the receiver's, or that of whoever has her now."""

Who = Literal["bedside", "unit", "coordinator"]
"""A step of the ladder: a notice to those at her bed, the unit's lead and desk rung, the region."""

KEYS = 9
"""Of a keyboard, 1-9."""

FOLDER = Path(__file__).parent


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same words in both languages."""

    zh: str
    en: str


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is aimed at; `seconds` only where a number exists."""

    confidence: Confidence
    source: str
    zh: str
    en: str
    seconds: int | None = None

    @property
    def to_be_verified(self) -> bool:
        """Shown as 待核实."""
        return unverified(self.confidence)


class MilestoneKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One moment that a clock may start or stop at.

    Attributes:
        by: who usually presses it; "" where only the platform reports it.
        events: kinds of events that report it by themselves.
    """

    zh: str
    en: str
    by: str = ""
    events: list[str] = []

    @property
    def manual(self) -> bool:
        """A person may enter it."""
        return self.by != ""


class Interval(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"start": "from", "end": "to"}
):
    """From one milestone to another, with what is aimed at.

    Attributes:
        where: attributes that the start milestone must have, e.g. urgency_class.
        at: whose clock it is; the ladder begins there.
    """

    start: str
    end: str
    zh: str
    en: str
    where: dict[str, int | str] = {}
    at: Where = "here"
    target: Target | None = None

    @property
    def seconds(self) -> int | None:
        """The target in seconds, if there is a number."""
        return None if self.target is None else self.target.seconds

    def matches(self, payload: dict[str, object]) -> bool:
        """Whether a start milestone has the attributes asked for."""
        return all(payload.get(name) == wanted for name, wanted in self.where.items())


class Prompt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question that stands on the clock until it is answered.

    Attributes:
        after: the milestone after which it is asked, `after_s` seconds later.
        unless: milestones that answer it.
        records: the milestone that "yes" records.
    """

    zh: str
    en: str
    after: str
    after_s: int
    unless: list[str]
    records: str


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is told how long after the target has passed."""

    after_s: int
    who: Who


class ConditionSet(msgspec.Struct, frozen=True, dict=True, forbid_unknown_fields=True):
    """The clocks of one kind of emergency, in one version.

    Attributes:
        applies: which cases it is for, over the facts of `referral.clocks.rules.facts_of`.
        keys: milestones on the big clock, in the order of its keys 1-9.
        source: where the selection of milestones and prompts comes from.
    """

    code: str
    version: int
    valid_from: date
    order: int
    zh: str
    en: str
    confidence: Confidence
    source: str
    applies: dict[str, object]
    keys: list[str]
    ladder: list[Step]
    interval: dict[str, Interval] = {}
    prompt: dict[str, Prompt] = {}

    @cached_property
    def condition(self) -> Predicate:
        """`applies`, read."""
        return parse(self.applies)

    @property
    def to_be_verified(self) -> bool:
        """Shown as 待核实."""
        return unverified(self.confidence)


class MeasuredIntervals(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Intervals that run on no clock: indicators alone measure them."""

    code: str
    version: int
    source: str
    interval: dict[str, Interval]


class Reason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why an interval took longer than aimed at."""

    zh: str
    en: str
    text: bool = False


class _Milestones(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    milestones: dict[str, MilestoneKind]


class _Reasons(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    source: str
    confidence: Confidence
    delay: dict[str, Reason]
    not_needed: dict[str, Reason]


def _read(name: str) -> object:
    return tomllib.loads((FOLDER / name).read_text("utf-8"))


MILESTONES = msgspec.convert(_read("milestones.toml"), _Milestones).milestones
"""Every milestone, by name."""

_REASONS = msgspec.convert(_read("reasons.toml"), _Reasons)
DELAYS = _REASONS.delay
"""Coded reasons for a late interval."""

NOT_NEEDED = _REASONS.not_needed
"""Coded reasons for a prompt answered "not needed"."""

MEASURED = msgspec.convert(_read("measured.toml"), MeasuredIntervals)
"""What is measured afterwards, and waited for by nobody."""


@lru_cache
def all_versions(folder: Path = FOLDER / "sets") -> tuple[ConditionSet, ...]:
    """Every version of every set, by order.

    Raises:
        ValueError: a version stands twice, or a set names a milestone that does not exist.
    """
    found = [
        msgspec.convert(tomllib.loads(path.read_text("utf-8")), ConditionSet)
        for path in sorted(folder.glob("*.toml"))
    ]
    for entry in found:
        _check(entry)
    keys = [(entry.code, entry.version) for entry in found]
    if len(set(keys)) != len(keys):
        raise ValueError("a set's version stands twice")
    return tuple(sorted(found, key=lambda entry: (entry.order, entry.code, entry.version)))


def _check(entry: ConditionSet) -> None:
    named = {*entry.keys}
    for interval in entry.interval.values():
        named |= {interval.start, interval.end}
    for prompt in entry.prompt.values():
        named |= {prompt.after, prompt.records, *prompt.unless}
    if unknown := named - MILESTONES.keys():
        raise ValueError(f"{entry.code}: no such milestone: {sorted(unknown)}")
    if len(entry.keys) > KEYS:
        raise ValueError(f"{entry.code}: a keyboard has nine keys")
    if not all(MILESTONES[name].manual for name in entry.keys):
        raise ValueError(f"{entry.code}: a key is pressed by a person")
    entry.condition.facts()


def valid_on(day: date, versions: Iterable[ConditionSet] | None = None) -> tuple[ConditionSet, ...]:
    """The newest version of each set that is in force on `day`, by order."""
    found: dict[str, ConditionSet] = {}
    for entry in all_versions() if versions is None else versions:
        if entry.valid_from <= day:
            held = found.get(entry.code)
            if held is None or (entry.valid_from, entry.version) > (held.valid_from, held.version):
                found[entry.code] = entry
    return tuple(sorted(found.values(), key=lambda entry: (entry.order, entry.code)))


def interval_of(set_code: str, version: int, code: str) -> Interval:
    """One interval of one version of a set: how an indicator names what it measures.

    Raises:
        ValueError: there is no such set, version or interval.
    """
    known: list[ConditionSet | MeasuredIntervals] = [*all_versions(), MEASURED]
    for entry in known:
        if (entry.code, entry.version) == (set_code, version) and code in entry.interval:
            return entry.interval[code]
    raise ValueError(f"no such interval: {set_code} v{version} {code}")
