"""What the API says about changes of a roster."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

Note = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Reason = Literal["illness", "leave", "training", "family", "in_surgery", "other"]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Version = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class SwapPerson(msgspec.Struct, frozen=True):
    """A colleague."""

    id: UUID
    name: str
    title: str


class RosterShift(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """A place and a period."""

    shift_id: UUID
    slot_id: UUID
    group: str
    specialty: str
    tier: str
    from_: datetime
    to: datetime


class MyShift(msgspec.Struct, frozen=True):
    """One of my shifts to come; `change_id`: something is asked about it."""

    shift: RosterShift
    running: bool
    change_id: UUID | None


class SwapPartner(msgspec.Struct, frozen=True):
    """A colleague who might be asked, with the shift they would give (swaps only).

    `obstacle` says why it cannot be, as a code; null: it can.
    """

    person: SwapPerson
    shift: RosterShift | None
    obstacle: str | None


class OnDutyNow(msgspec.Struct, frozen=True):
    """Somebody on duty now whom I might replace at once."""

    shift: RosterShift
    person: SwapPerson
    obstacle: str | None


class RosterChangeOption(msgspec.Struct, frozen=True):
    """A colleague who was asked."""

    no: int
    person: SwapPerson
    shift: RosterShift | None
    answer: str
    answered_at: datetime | None


class RosterChangeEvent(msgspec.Struct, frozen=True):
    """What happened to a request; `person` null: the engine, or a rule."""

    action: str
    state: str
    side: str
    person: SwapPerson | None
    note: str | None
    at: datetime


class ChangeRuleOut(msgspec.Struct, frozen=True):
    """The rule in force when it was asked."""

    preauthorised: list[str]
    source: str
    confidence: str


class RosterChange(msgspec.Struct, frozen=True):
    """A swap, substitution, take-over or assignment; `actions`: what the viewer may do now."""

    id: UUID
    kind: str
    state: str
    rev: int
    requested_by: SwapPerson
    requested_at: datetime
    holder: SwapPerson
    reason: str
    note: str | None
    shift: RosterShift
    options: list[RosterChangeOption]
    taken_option: int | None
    expires_at: datetime | None
    approve_by: datetime | None
    overdue: bool
    decided_by: SwapPerson | None
    decided_at: datetime | None
    actions: list[str]
    rule: ChangeRuleOut
    events: list[RosterChangeEvent]


class ChangeMade(msgspec.Struct, frozen=True):
    """The request that was recorded."""

    id: UUID


class AskedIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to ask, and for which of their shifts in return."""

    person_id: UUID
    shift_id: UUID | None = None


class ChangeIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """Ask for a swap or a substitute; `from` and `to` name a part of the shift."""

    kind: Literal["swap", "substitute"]
    shift_id: UUID
    asked: Annotated[list[AskedIn], msgspec.Meta(max_length=20)]
    reason: Reason
    note: Note | None = None
    from_: Moment | None = None
    to: Moment | None = None


class TakeOverIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Take over now."""

    shift_id: UUID
    reason: Reason = "illness"
    note: Note | None = None


class ShiftIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """Who fills which place from when to when, and why without a plan; `cover` replaces whoever
    stands there."""

    slot_id: UUID
    person_id: UUID
    from_: Moment
    to: Moment
    reason: Reason
    note: Note | None = None
    cover: bool = False


class ShiftOut(msgspec.Struct, frozen=True):
    """The shift that was recorded, and the change that waits for its approval."""

    shift_id: UUID
    change_id: UUID


class AcceptIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """I agree to the option that names me."""

    rev: Version
    option: Annotated[int, msgspec.Meta(ge=1, le=20)]


class AnswerIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An answer to the version that was read."""

    rev: Version


class DecideIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A refusal or an end, and why."""

    rev: Version
    note: Note
