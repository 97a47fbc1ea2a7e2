"""What the API says about drills."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

Seconds = Annotated[int, msgspec.Meta(ge=120, le=1800)]
TimeOfDay = Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", max_length=5)]
"""Wall clock of the region, `HH:MM`."""
ExcuseReason = Literal["in_surgery", "with_patient", "other"]


class DrillIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ring everybody on call at a house, or in one of its groups, now."""

    facility_id: UUID
    group_id: UUID | None = None
    answer_within_s: Seconds = 300


class ScheduleIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Drills at random moments inside a window, so many a month at each house of a region."""

    region_id: UUID
    per_month: Annotated[int, msgspec.Meta(ge=1, le=4)] = 1
    earliest: TimeOfDay = "08:00"
    latest: TimeOfDay = "21:00"
    weekends: bool = True
    answer_within_s: Seconds = 300


class ExcuseIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why somebody could not answer, written afterwards by somebody else."""

    reason: ExcuseReason
    note: Annotated[str, msgspec.Meta(max_length=500)] | None = None


class DrillAnswer(msgspec.Struct, frozen=True):
    """One person of a drill: how they answered, after how long, over which channel."""

    person_id: UUID
    name: str
    title: str
    tier: str
    specialty: str
    state: str
    seconds: float | None
    route: str | None
    channels: list[str]
    decline_reason: str | None
    excuse: str | None


class DrillTally(msgspec.Struct, frozen=True):
    """What it came to; `few`: the numbers are too small to compare."""

    people: int
    answered: int
    excused: int
    timed: int
    prompt: int
    median_s: float | None
    few: bool


class DrillOut(msgspec.Struct, frozen=True):
    """A drill. `started_at` null: the engine has not begun it yet."""

    id: UUID
    facility_id: UUID
    facility: str
    group: str | None
    planned: bool
    answer_within_s: int
    started_at: datetime | None
    ended_at: datetime | None
    end_reason: str | None
    tally: DrillTally
    may_excuse: bool = False
    answers: list[DrillAnswer] = []


class LeagueRow(msgspec.Struct, frozen=True):
    """A house, or one of its groups, in one month."""

    facility_id: UUID
    facility: str
    group: str | None
    month: date
    drills: int
    tally: DrillTally


class ScheduleOut(msgspec.Struct, frozen=True):
    """A region's standing plan; the moments themselves are nobody's to know."""

    id: UUID
    region_id: UUID
    region: str
    per_month: int
    earliest: TimeOfDay
    latest: TimeOfDay
    weekends: bool
    answer_within_s: int
    created_at: datetime
