"""What the API says about groups, rotations, leave, holidays and qualifications."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec

from duty.rosters.calendar import DayKind
from duty.rosters.holidays import SpecialDays
from duty.rosters.leave import Kind as LeaveKind
from duty.rosters.oncall import DutyTier
from duty.rosters.plans.schemas import Moment, RosterGroup, RosterPerson
from duty.rosters.rotation import Shape

Code = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
Title = Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
Source = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Place = Annotated[int, msgspec.Meta(ge=-1, le=59)]
YearNumber = Annotated[int, msgspec.Meta(ge=2000, le=2200)]


class RosterMade(msgspec.Struct, frozen=True):
    """The id of what was written."""

    id: UUID


class RosterGroups(msgspec.Struct, frozen=True):
    """A facility's groups; `may_edit`: the viewer rosters there, `may_approve`: is its 医务科."""

    facility_id: UUID
    groups: list[RosterGroup]
    may_edit: bool
    may_approve: bool


class GroupIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Found a group at one's own house."""

    code: Code
    name: Name


class GroupName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another name."""

    name: Name


class SlotTermsIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a place asks for from now on."""

    required: bool
    exclusive: bool
    min_title: Title | None = None
    qualification: Code | None = None


class SlotIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Add a place to a group; `exclusive` left out: every tier but 三线."""

    specialty: Code
    tier: DutyTier
    required: bool = True
    exclusive: bool | None = None
    min_title: Title | None = None
    qualification: Code | None = None


class RosterCandidate(msgspec.Struct, frozen=True):
    """Somebody who may be rostered, with the qualifications that count today."""

    person: RosterPerson
    specialty: str
    qualifications: list[str]


class PatternIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a rotation goes round.

    `weeks` (only for `weekly`): seven numbers per week, Monday first, weeks one after the other;
    each is a place in `members`, or -1 for a day that this rotation leaves alone.
    """

    shape: Shape
    members: Annotated[list[UUID], msgspec.Meta(max_length=60)]
    start: date
    days: Annotated[int, msgspec.Meta(ge=1, le=31)] = 1
    weeks: Annotated[list[Place], msgspec.Meta(max_length=56)] = []
    on: Annotated[list[DayKind], msgspec.Meta(max_length=4)] = []
    handover: Annotated[str, msgspec.Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")] = "08:00"
    zone: Annotated[str, msgspec.Meta(min_length=1, max_length=40)] = "Asia/Shanghai"


class RotationIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """A new version of a place's rotation, from a day on (and until just before another)."""

    slot_id: UUID
    code: Code
    pattern: PatternIn
    from_: date
    to: date | None = None


class RotationOut(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """A version of a rotation; the one with the highest `seq` of a code counts."""

    id: UUID
    slot_id: UUID
    code: str
    seq: int
    pattern: PatternIn
    from_: date
    to: date | None
    recorded_by: RosterPerson | None
    recorded_at: datetime


class TurnOut(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """Whose turn it would be; `substitute`: for somebody on leave."""

    slot_id: UUID
    person: RosterPerson
    from_: datetime
    to: datetime
    substitute: bool


class LeaveIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """Somebody of one's own house is away; `hand_over`: the substitute takes their shifts."""

    person_id: UUID
    from_: Moment
    to: Moment
    kind: LeaveKind
    substitute_id: UUID | None = None
    hand_over: bool = False


class LeaveOut(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """Leave; `shifts`: how many stand in it although their holder is away."""

    id: UUID
    person: RosterPerson
    from_: datetime
    to: datetime
    kind: LeaveKind
    substitute: RosterPerson | None
    recorded_by: RosterPerson | None
    recorded_at: datetime
    shifts: int


class HolidayYear(msgspec.Struct, frozen=True):
    """The version of a year that counts; `id` null: nobody entered it yet."""

    year: int
    id: UUID | None
    source: str | None
    confidence: str | None
    days: list[SpecialDays]
    recorded_by: RosterPerson | None
    recorded_at: datetime | None


class HolidayYearIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Enter a year whole, with where it was read; the newest version counts."""

    year: YearNumber
    source: Source
    days: Annotated[list[SpecialDays], msgspec.Meta(max_length=120)]
    confidence: Annotated[str, msgspec.Meta(min_length=1, max_length=40)] = "待核实"


class QualificationIn(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}
):
    """A licence or certificate; `to` is the first day on which it no longer counts."""

    person_id: UUID
    kind: Code
    from_: date
    to: date | None = None


class RevokeIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a qualification counts no longer."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class QualificationOut(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """A qualification; `in_force`: it counts today."""

    id: UUID
    person: RosterPerson
    kind: str
    from_: date
    to: date | None
    in_force: bool
    recorded_at: datetime


class RosterGap(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """A required place that nobody fills in the days to come."""

    slot_id: UUID
    group: str
    specialty: str
    tier: str
    from_: datetime
    to: datetime


class RosterGaps(msgspec.Struct, frozen=True):
    """Gaps of required places from now on, as far as the alarm looks."""

    facility_id: UUID
    at: datetime
    until: datetime
    gaps: list[RosterGap]
