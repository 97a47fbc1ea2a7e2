"""What the API says about versions of definitions, and how one is entered."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec

from quality.definitions import (
    Aspect,
    Baseline,
    Code,
    Direction,
    Level,
    Line,
    Standing,
    Unit,
)
from quality.handbook.versions import Origin
from quality.schemas import DefinitionOut, PersonOut
from quality.vocabulary import Measure

Words = Annotated[str, msgspec.Meta(max_length=4000)]


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words in Chinese, and in English where somebody translated them."""

    zh: Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
    en: Words = ""


class DefinitionIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A version of an indicator, e.g. of the official annex; without effect until verified.

    `replaces`: the version that counts now, if the code exists. `valid_to`: the first day on which
    it is no longer in force; a version that only ends an indicator says so with it.
    """

    code: Code
    valid_from: date
    standing: Standing
    aspect: Aspect
    levels: Annotated[list[Level], msgspec.Meta(min_length=1, max_length=4)]
    unit: Unit
    direction: Direction
    source: Line
    data_source: Line
    name: Said
    definition: Said
    population: Said
    measure: Measure
    exclusions: Annotated[list[Said], msgspec.Meta(max_length=20)] = []
    replaces: UUID | None = None
    valid_to: date | None = None
    numerator: Said | None = None
    denominator: Said | None = None
    national_no: Annotated[int, msgspec.Meta(ge=1, le=999)] | None = None
    aim: Said | None = None
    baseline: Baseline | None = None
    weight: Annotated[float, msgspec.Meta(ge=0, le=1000)] | None = None


class VerificationIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which official document the version was compared with, and its place there."""

    document: Line


class VerificationOut(msgspec.Struct, frozen=True):
    """Who compared a version with which document."""

    person: PersonOut | None
    at: datetime
    document: str


class DefinitionVersion(msgspec.Struct, frozen=True):
    """A version as it was written; `counts` says whether it is in force today.

    `waits`: entered, and in force only once another person has compared it. `withdrawn`: whoever
    entered it took it back.
    """

    id: UUID
    origin: Origin
    definition: DefinitionOut
    counts: bool
    added_by: PersonOut | None
    added_at: datetime
    verification: VerificationOut | None
    may_verify: bool
    waits: bool
    withdrawn: bool
    may_withdraw: bool


class Handbook(msgspec.Struct, frozen=True):
    """Every version of every indicator, in the order of the handbook."""

    may_enter: bool
    versions: list[DefinitionVersion]


class VersionMade(msgspec.Struct, frozen=True):
    """The version that was added."""

    id: UUID
    version: int
