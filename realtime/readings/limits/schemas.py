"""What the API takes and says about time limits of readings."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from realtime.alarms.schemas import Bound, PersonName
from realtime.readings.limits.rules import ReadingLimits

Owner = Literal["facility", "region", "platform"]
Standing = Literal["counts", "in_force", "coming", "past"]
"""`counts`: this facility is held to it; `in_force`: its owner's newest, which counts where no
nearer owner has one."""


class ReadingLimitsOut(msgspec.Struct, frozen=True):
    """A version of the limits: whose, since when, from where, and how sure that is."""

    id: UUID
    owner: Owner
    region: str | None
    valid_from: datetime
    standing: Standing
    limits: ReadingLimits
    source: str
    confidence: str
    recorded_by: PersonName | None
    recorded_at: datetime
    supersedes_id: UUID | None


class LimitsRegion(msgspec.Struct, frozen=True):
    """A region for which the viewer may write."""

    id: UUID
    name: str


class ReadingLimitsBook(msgspec.Struct, frozen=True):
    """Every version that a facility is, was or may be held to; the one that counts first."""

    facility_id: UUID
    bounds: list[Bound]
    versions: list[ReadingLimitsOut]
    may_write: bool
    regions: list[LimitsRegion]


class NewReadingLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new version for my facility, or for a region that I coordinate."""

    limits: ReadingLimits
    source: Annotated[str, msgspec.Meta(min_length=2, max_length=500)]
    confidence: Literal["待核实", "已核实"] = "待核实"
    region_id: UUID | None = None
    valid_from: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class ReadingLimitsWritten(msgspec.Struct, frozen=True):
    """The new version."""

    id: UUID
