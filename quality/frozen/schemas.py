"""What the API says about frozen periods and about what changed since."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from quality.repository import Page
from quality.schemas import (
    CountValue,
    DefinitionOut,
    ElsewhereValue,
    IntervalValue,
    PersonOut,
    PlaceOut,
    ScopeOut,
    ShareValue,
)

MOST_CHANGES = 500


class FreezePeriod(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which days of which region are closed: both days are in it, in China's time zone."""

    region_id: UUID
    first_day: date
    last_day: date
    note: Annotated[str, msgspec.Meta(max_length=500)] = ""


class PeriodFrozenOut(msgspec.Struct, frozen=True):
    """The period that was closed."""

    id: UUID


class FrozenPeriod(msgspec.Struct, frozen=True):
    """A closed period. `checkpoint_no`: the newest signed tree head of that moment."""

    id: UUID
    region_id: UUID
    region: str
    first_day: date
    last_day: date
    frozen_by: PersonOut | None
    frozen_at: datetime
    checkpoint_no: int | None
    note: str


class OverseenRegion(msgspec.Struct, frozen=True):
    """A region by name."""

    id: UUID
    name: str


class FrozenPeriods(msgspec.Struct, frozen=True):
    """Closed periods, the latest first; `overseen`: regions whose periods the viewer may close."""

    periods: list[FrozenPeriod]
    overseen: list[OverseenRegion]


class MemberReading(msgspec.Struct, frozen=True):
    """What a member counts as: when it was frozen, or now."""

    state: Literal["counted", "open", "inconsistent", "late_left_out", "outside"]
    reason: str | None
    met: bool
    late: bool
    from_at: datetime
    to_at: datetime | None
    seconds: float | None


class ChangedMember(msgspec.Struct, frozen=True):
    """One that does not read as it was frozen; a side is null where it is not in the count."""

    case_id: UUID | None
    page: Page | None
    number: str | None
    origin: PlaceOut | None
    before: MemberReading | None
    after: MemberReading | None


class IndicatorDifference(msgspec.Struct, frozen=True):
    """A number as frozen and as the same definition comes to now; at most 500 members.

    `intact`: the frozen rows still come to the frozen bytes; null for who does not oversee the
    whole region.
    """

    definition: DefinitionOut
    frozen: IntervalValue | CountValue | ShareValue | ElsewhereValue
    now: IntervalValue | CountValue | ShareValue | ElsewhereValue
    changes: list[ChangedMember]
    intact: bool | None


class PeriodDifference(msgspec.Struct, frozen=True):
    """Every indicator of a closed period that does not read now as it did then, and how many do."""

    period: FrozenPeriod
    scope: ScopeOut
    unchanged: int
    indicators: list[IndicatorDifference]
