"""What the API says about handovers."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from duty.changes.schemas import SwapPerson

NoteText = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class DutyHandoverCase(msgspec.Struct, frozen=True):
    """An open case; `pages` ring about it now."""

    case_id: UUID
    number: str
    state: str
    acuity: str
    opened_at: datetime
    pages: int


class DutyHandoverNote(msgspec.Struct, frozen=True):
    """What somebody wrote for the next one; about a case, or about the duty."""

    person: SwapPerson
    case_id: UUID | None
    text: str
    at: datetime


class DutyHandover(msgspec.Struct, frozen=True):
    """A place that changes hands; until it is accepted both are rung (`holds`).

    `cases`: what is open now or, once accepted, what was acknowledged. `side` is the viewer's.
    """

    id: UUID
    group: str
    specialty: str
    tier: str
    at: datetime
    outgoing: SwapPerson
    incoming: SwapPerson
    state: str
    holds: bool
    side: str
    overdue: bool
    alarm_at: datetime
    cases: list[DutyHandoverCase]
    notes: list[DutyHandoverNote]
    ended_by: SwapPerson | None
    ended_at: datetime | None
    end_note: str | None
    actions: list[str]
    confidence: str


class NoteIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line for the next one on duty."""

    text: NoteText
    case_id: UUID | None = None


class AcceptHandoverIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """I have it: these are the open cases that I was shown."""

    case_ids: Annotated[list[UUID], msgspec.Meta(max_length=500)]


class SettleIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The lead settles it for the two of them, and says why."""

    note: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
