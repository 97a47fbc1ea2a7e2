"""What the API says about plans and the calendar."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec

from duty.rosters.calendar import DayKind
from duty.rosters.plans.checks import FindingKind
from duty.rosters.plans.content import Kind
from duty.rosters.plans.states import PlanAction, PlanState

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
PlanName = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
Version = Annotated[int, msgspec.Meta(ge=1)]
Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=400)]
MostEntries = msgspec.Meta(max_length=600)


class RosterPerson(msgspec.Struct, frozen=True):
    """Somebody on a roster."""

    id: UUID
    name: str
    title: str


class RosterSlot(msgspec.Struct, frozen=True):
    """A place of a group and what it asks for."""

    id: UUID
    specialty: str
    tier: str
    min_title: str | None
    required: bool
    exclusive: bool
    qualification: str | None


class RosterGroup(msgspec.Struct, frozen=True):
    """A group with its places, in the order in which screens show them."""

    id: UUID
    code: str
    name: str
    slots: list[RosterSlot]


class CalendarShift(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """A shift, or with `draft` an entry of the plan that was asked for."""

    id: UUID
    slot_id: UUID
    person: RosterPerson
    from_: datetime
    to: datetime
    origin: str
    plan_id: UUID | None
    draft: bool


class CalendarGap(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """A time at which nobody fills a place."""

    slot_id: UUID
    from_: datetime
    to: datetime
    required: bool


class CalendarClash(msgspec.Struct, frozen=True):
    """Shifts and drafts that want one person at once; some may belong to other groups."""

    person_id: UUID
    shift_ids: list[UUID]


class CalendarLeave(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """Leave that the viewer may see."""

    id: UUID
    person_id: UUID
    from_: datetime
    to: datetime
    kind: str
    substitute_id: UUID | None


class CalendarDay(msgspec.Struct, frozen=True):
    """A day; `known` false: nobody entered that year's holidays yet."""

    date: date
    kind: DayKind
    name: str | None
    known: bool


class RosterCalendar(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """A facility's rosters from one moment to another; a duty day begins at `handover`."""

    facility_id: UUID
    from_: datetime
    to: datetime
    as_known_at: datetime | None
    server_time: datetime
    groups: list[RosterGroup]
    shifts: list[CalendarShift]
    gaps: list[CalendarGap]
    clashes: list[CalendarClash]
    leave: list[CalendarLeave]
    days: list[CalendarDay]


class PlanIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """Begin a plan; `temporary` replaces everything in its span when it is published."""

    group_id: UUID
    from_: Moment
    to: Moment
    name: PlanName
    kind: Kind = "regular"


class PlanStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Move a plan that was read in this version."""

    version: Version


class FillIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fill from the rotations; `replace` throws away what was put by hand."""

    version: Version
    replace: bool = False


class ApproveIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Approve the content that was read."""

    version: Version
    content_hash: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class ReturnIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Send it back to whoever drafted it, and why."""

    version: Version
    reason: Reason


class EntryPut(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """Put somebody on a place; whoever was there keeps what is left."""

    slot_id: UUID
    person_id: UUID
    from_: Moment
    to: Moment


class EntryMove(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """Change an entry; what is left out stays as it is."""

    entry_id: UUID
    slot_id: UUID | None = None
    person_id: UUID | None = None
    from_: Moment | None = None
    to: Moment | None = None


class EntriesIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Changes of a draft, made in the order remove, move, put."""

    version: Version
    remove: Annotated[list[UUID], MostEntries] = []
    move: Annotated[list[EntryMove], MostEntries] = []
    put: Annotated[list[EntryPut], MostEntries] = []


class PlanFinding(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """One thing that is wrong. A gap stops publishing, everything else already submitting."""

    kind: FindingKind
    slot_id: UUID
    from_: datetime
    to: datetime
    person_id: UUID | None
    entry_id: UUID | None
    other_id: UUID | None


class PlanEventOut(msgspec.Struct, frozen=True):
    """Who did what when, and why."""

    action: str
    person: RosterPerson | None
    at: datetime
    reason: str | None


class PlanSummary(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """A plan in a list. `actions`: what the viewer may do with it now.

    `returned`: why it was sent back; null once it is submitted again.
    """

    id: UUID
    facility_id: UUID
    group_id: UUID
    kind: Kind
    name: str
    from_: datetime
    to: datetime
    state: PlanState
    version: int
    drafted_by: RosterPerson | None
    submitted_by: RosterPerson | None
    approved_by: RosterPerson | None
    recorded_at: datetime
    returned: str | None
    actions: list[PlanAction]


class PlanOut(msgspec.Struct, frozen=True):
    """A plan with what is wrong with it, its history and the hash of its content."""

    plan: PlanSummary
    content_hash: str
    findings: list[PlanFinding]
    history: list[PlanEventOut]


class PlanMade(msgspec.Struct, frozen=True):
    """A plan after a command, and how many entries or shifts that wrote."""

    id: UUID
    version: int
    state: PlanState
    written: int
