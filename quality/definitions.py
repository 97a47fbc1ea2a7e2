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

Confidence = Literal["V", "S", "B", "I"]
"""V: rule text seen; S: secondary source; B: background knowledge; I: inferred or proposed."""

FOLDER = Path(__file__).parent / "definitions"


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same words in both languages."""

    zh: str
    en: str


class Texts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A list in both languages."""

    zh: list[str]
    en: list[str]


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is aimed at; `seconds` only where a number exists."""

    confidence: Confidence
    source: str
    zh: str
    en: str
    seconds: int | None = None

    @property
    def to_be_verified(self) -> bool:
        return self.confidence in ("B", "I")


class Definition(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"start": "from", "end": "to"}
):
    """One indicator in one version.

    Attributes:
        kind: `interval` from milestone `start` to `end`, or `count` of `event`s in the period.
        where: attributes that the start milestone's payload must have, e.g. urgency_class.
        national_no: its number in the national list, where it has one.
        on_clock: also runs on the case's clock.
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
    on_clock: bool
    start: str | None = None
    end: str | None = None
    event: str | None = None
    where: dict[str, int | str] = {}
    national_no: int | None = None
    target: Target | None = None

    @property
    def to_be_verified(self) -> bool:
        """Shown as 待核实 wherever the indicator shows."""
        return self.confidence in ("B", "I")

    def __post_init__(self) -> None:
        complete = (
            self.start and self.end and not self.event
            if self.kind == "interval"
            else self.event and not (self.start or self.end)
        )
        if not complete:
            raise ValueError(f"{self.code}: an interval has from and to, a count has an event")


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
