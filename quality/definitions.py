"""Indicators as data: TOML files of sets, each entry one code and version, validated when loaded.

Every number leaves this package together with the definition and version that it was computed
with. What is marked B (background) or I (inferred), and every candidate, shows as 待核实, to be
verified.
"""

import tomllib
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec

from kernel.confidence import Confidence, unverified
from quality.vocabulary import IntervalMeasure, Measure
from referral.clocks.data import Interval, Target, Text

FOLDER = Path(__file__).parent / "definitions"

Standing: TypeAlias = Literal["national", "candidate", "supplement", "platform"]
"""national: of a national text that was seen; candidate: what such a text may hold, not to be taken
for official; supplement: added by the province; platform: this platform's own."""

Aspect: TypeAlias = Literal["outcomes", "system", "centres", "green_channel", "obstetrics"]
"""The three aspects of the national assessment (工作成效, 体系构建运行, 中心建设管理), and two
groups beside it."""

Level: TypeAlias = Literal["province", "city", "county", "centre"]
Unit: TypeAlias = Literal[
    "s",
    "sessions",
    "cases",
    "persons",
    "percent",
    "per_1000",
    "per_100000",
    "ratio",
    "yuan",
    "yes_no",
]
Direction: TypeAlias = Literal["lower", "higher", "none"]

Code = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{2,63}$")]
Line = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]

MULTIPLES = {"percent": 100, "per_1000": 1000, "per_100000": 100_000, "ratio": 1}
"""By what a share is multiplied for display."""


class Texts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A list in both languages."""

    zh: list[str]
    en: list[str]


class Baseline(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The interval that a province compares with, in the indicator's unit; open where null."""

    low: float | None
    high: float | None
    confidence: Confidence
    source: Line

    def __post_init__(self) -> None:
        if self.low is None and self.high is None:
            raise ValueError("a baseline has at least one end")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError("a baseline's low end lies under its high end")


class Definition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One indicator in one version.

    Attributes:
        valid_to: the first day on which it is no longer in force.
        measure: what is computed, in the closed vocabulary.
        numerator, denominator: in words, for a share.
        national_no: its number in the national list, where it has one.
        aim: what is aimed at; an interval's target stands with the clocks.
        weight: in a province's assessment; never set by a release.
    """

    code: Code
    version: Annotated[int, msgspec.Meta(ge=1, le=9999)]
    valid_from: date
    order: int
    standing: Standing
    aspect: Aspect
    levels: Annotated[list[Level], msgspec.Meta(min_length=1, max_length=4)]
    unit: Unit
    direction: Direction
    confidence: Confidence
    source: Line
    data_source: Line
    name: Text
    definition: Text
    population: Text
    exclusions: Texts
    measure: Measure
    valid_to: date | None = None
    numerator: Text | None = None
    denominator: Text | None = None
    national_no: int | None = None
    aim: Target | None = None
    baseline: Baseline | None = None
    weight: Annotated[float, msgspec.Meta(ge=0, le=1000)] | None = None

    @property
    def kind(self) -> str:
        """Of the measure."""
        return str(self.measure.__struct_config__.tag)

    @property
    def fraction(self) -> bool:
        """Whether a number is a part over a whole."""
        return self.kind in ("share", "rate")

    @property
    def to_be_verified(self) -> bool:
        """Shown as 待核实 wherever the indicator shows."""
        return unverified(self.confidence) or self.standing == "candidate"

    @property
    def interval(self) -> Interval | None:
        """What is measured, for an interval."""
        return self.measure.interval if isinstance(self.measure, IntervalMeasure) else None

    @property
    def target(self) -> Target | None:
        """What is aimed at, wherever it stands."""
        return self.aim if self.interval is None else self.interval.target

    def in_force(self, day: date) -> bool:
        """Whether this version may count on `day`."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def __post_init__(self) -> None:
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise ValueError(f"{self.code}: ends before it begins")
        if self.interval is not None and self.aim is not None:
            raise ValueError(f"{self.code}: the target of an interval stands with its clock")
        if (self.kind == "interval") != (self.unit == "s"):
            raise ValueError(f"{self.code}: intervals, and only they, are in seconds")
        if self.fraction and self.unit not in MULTIPLES:
            raise ValueError(f"{self.code}: a fraction is a ratio, in percent, or per so many")
        if self.fraction and not (self.numerator and self.denominator):
            raise ValueError(f"{self.code}: a fraction says its numerator and denominator")


class _Sheet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    indicator: list[Definition]


@lru_cache
def shipped(folder: Path = FOLDER) -> tuple[Definition, ...]:
    """Every version of every indicator of this release, by order, code and version.

    Raises:
        ValueError: a version stands twice.
    """
    found = [
        entry
        for path in sorted(folder.glob("*.toml"))
        for entry in msgspec.convert(tomllib.loads(path.read_text("utf-8")), _Sheet).indicator
    ]
    keys = [(entry.code, entry.version) for entry in found]
    if len(set(keys)) != len(keys):
        raise ValueError("an indicator's version stands twice")
    return tuple(sorted(found, key=lambda entry: (entry.order, entry.code, entry.version)))
