"""Indicators as data: one TOML file per code and version, validated when loaded.

Every number leaves this package together with the definition and version that it was computed
with. What is marked B (background) or I (inferred) shows as 待核实, to be verified.
"""

import tomllib
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Literal

import msgspec

from referral.clocks.data import Confidence, Interval, Target, Text, interval_of

FOLDER = Path(__file__).parent / "definitions"


class Texts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A list in both languages."""

    zh: list[str]
    en: list[str]


class ClockRef(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The interval that an indicator measures: the very one that runs on the case's clock."""

    set: str
    version: int
    interval: str


class Definition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One indicator in one version.

    Attributes:
        kind: `interval` of a condition set's version, or `count` of `event`s in the period.
        clock: the interval; its milestones, attributes and target stand with the clocks.
        national_no: its number in the national list, where it has one.
        aim: what a count aims at.
    """

    code: str
    version: int
    valid_from: date
    order: int
    kind: Literal["interval", "count"]
    unit: Literal["s", "sessions"]
    direction: Literal["lower", "higher", "none"]
    confidence: Confidence
    source: str
    data_source: str
    name: Text
    definition: Text
    population: Text
    exclusions: Texts
    clock: ClockRef | None = None
    event: str | None = None
    national_no: int | None = None
    aim: Target | None = None

    @property
    def to_be_verified(self) -> bool:
        """Shown as 待核实 wherever the indicator shows."""
        return self.confidence in ("B", "I")

    @property
    def interval(self) -> Interval | None:
        """What is measured, for an interval."""
        named = self.clock
        return None if named is None else interval_of(named.set, named.version, named.interval)

    @property
    def target(self) -> Target | None:
        """What is aimed at, wherever it stands."""
        return self.aim if self.interval is None else self.interval.target

    def __post_init__(self) -> None:
        complete = (
            self.clock and not (self.event or self.aim)
            if self.kind == "interval"
            else self.event and not self.clock
        )
        if not complete:
            raise ValueError(f"{self.code}: an interval names a clock, a count an event")
        assert self.interval is not None or self.kind == "count"  # noqa: S101  (raises if unknown)


@lru_cache
def all_versions(folder: Path = FOLDER) -> tuple[Definition, ...]:
    """Every version of every indicator, by order, code and version."""
    found = [
        msgspec.convert(tomllib.loads(path.read_text("utf-8")), Definition)
        for path in sorted(folder.glob("*.toml"))
    ]
    keys = [(entry.code, entry.version) for entry in found]
    if len(set(keys)) != len(keys):
        raise ValueError("an indicator's version stands twice")
    return tuple(sorted(found, key=lambda entry: (entry.order, entry.code, entry.version)))


def valid_on(day: date, versions: Iterable[Definition] | None = None) -> dict[str, Definition]:
    """The newest version of each indicator that is in force on `day`."""
    found: dict[str, Definition] = {}
    for entry in all_versions() if versions is None else versions:
        if entry.valid_from <= day:
            held = found.get(entry.code)
            if held is None or (entry.valid_from, entry.version) > (held.valid_from, held.version):
                found[entry.code] = entry
    return found
