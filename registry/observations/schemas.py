"""What the API says about observations. Units are named with every number."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from kernel.confidence import Confidence
from registry.facilities.schemas import FacilityRef
from registry.observations.catalogue import Group, Kind, Subject
from registry.people.schemas import PersonRef
from registry.pregnancies.schemas import Strict

Source = Literal["human", "device", "home"]
VoidReason = Literal[
    "wrong_patient", "wrong_value", "wrong_unit", "wrong_time", "device_fault", "other"
]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Word = Annotated[str, msgspec.Meta(max_length=40)]
When = Annotated[datetime, msgspec.Meta(tz=True)]


class Entry(Strict, frozen=True):
    """One value as it was read: a number with its unit, or a word (`yes` and `no` for flags)."""

    code: Code
    number: float | None = None
    word: Word | None = None
    unit: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    taken_at: When | None = None


Entries = Annotated[list[Entry], msgspec.Meta(min_length=1, max_length=40)]


class NewObservations(Strict, frozen=True):
    """Readings of one woman, or of one newborn of hers; `taken_at` holds where an entry has none.

    `drill` marks an exercise: it is kept apart from her real readings.
    """

    entries: Entries
    taken_at: When | None = None
    case_id: UUID | None = None
    newborn_id: UUID | None = None
    drill: bool = False


class TryReadings(Strict, frozen=True):
    """Made-up readings of a mother; an entry without `taken_at` is of now."""

    entries: Entries


class NewVoid(Strict, frozen=True):
    """Entered in error: why."""

    reason: VoidReason
    note: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None


class Voided(msgspec.Struct, frozen=True):
    """Why a reading does not count, and who said so."""

    reason: VoidReason
    note: str | None
    at: datetime
    by: PersonRef | None


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """One reading in its canonical unit, beside what was sent; `id` is absent where computed.

    After `fresh_until` it no longer says how she is. `caution`: outside the usual range.
    """

    id: UUID | None
    code: str
    number: float | None
    word: str | None
    unit: str
    raw_value: str | None
    raw_unit: str | None
    taken_at: datetime
    entered_at: datetime
    fresh_until: datetime
    source: Source | Literal["derived"]
    subject: Subject
    newborn_id: UUID | None = None
    case_id: UUID | None = None
    caution: bool = False
    age_hours: float | None = None
    by: PersonRef | None = None
    facility: FacilityRef | None = None
    device: str | None = None
    may_void: bool = False
    voided: Voided | None = None


class Series(msgspec.Struct, frozen=True):
    """Readings of a span, oldest first, and the newest of each kind, whatever its age."""

    begin: datetime
    end: datetime
    observations: list[Observation]
    latest: list[Observation]


class Recorded(msgspec.Struct, frozen=True):
    """What stands now, in canonical units, and which early-warning tools newly fired."""

    ids: list[UUID]
    latest: list[Observation]
    newly: list[str] = []


class UnitOut(msgspec.Struct, frozen=True):
    """A unit that an observation may arrive in, and as it is shown."""

    code: str
    shown: str


class WordOut(msgspec.Struct, frozen=True):
    """A word that an observation may be."""

    code: str
    zh: str
    en: str


class ItemOut(msgspec.Struct, frozen=True, kw_only=True):
    """One observation of the catalogue; ranges in the first of `units`; `verify` is 待核实."""

    code: str
    zh: str
    en: str
    group: Group
    kind: Kind
    units: list[UnitOut]
    decimals: int
    plausible: tuple[float, float] | None
    caution: tuple[float, float] | None
    words: list[WordOut]
    of: list[Subject]
    fresh_minutes: int
    loinc: str | None
    source: str
    confidence: Confidence
    verify: bool


class CatalogueOut(msgspec.Struct, frozen=True):
    """All observations, in the order in which they are shown."""

    version: str
    items: list[ItemOut]
