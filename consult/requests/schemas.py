"""What the API takes and says about consultations."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from registry.facilities.schemas import FacilityRef
from registry.people.schemas import PersonRef

Note = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
Password = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Minutes = Annotated[int, msgspec.Meta(ge=5, le=480)]
Score = Annotated[int, msgspec.Meta(ge=1, le=5)]
Urgency = Literal["urgent", "ordinary"]
Consent = Literal["written", "spoken", "emergency"]
"""Hers or her family's, on paper or spoken before a witness; or none could be had in time."""
Outcome = Literal["advised", "transferred", "not_needed", "not_held"]
Adoption = Literal["adopted", "partly", "not_adopted"]
Why = Literal["busy", "other_specialty", "off_duty", "technical", "other"]
ConsultStateName = Literal["asked", "agreed", "underway", "concluded", "closed", "cancelled"]
InvitationStateName = Literal[
    "invited", "accepted", "declined", "handed_on", "called_off", "informed"
]
Kind = Literal["single", "group", "mdt"]
"""One expert; a house or one of its groups; several."""


class Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Unknown fields are refused, not ignored."""


class Invitee(Strict, frozen=True, kw_only=True):
    """Who is asked: a house, perhaps one of its expert groups or one expert there."""

    facility_id: UUID
    group_id: UUID | None = None
    person_id: UUID | None = None


class AskConsult(Strict, frozen=True, kw_only=True):
    """Ask for a consultation: about a case that the viewer sees, or about a woman alone.

    `of_case_id` is a transfer, a case file or a CTG reading. Without `planned_at` it is for now.
    """

    of_case_id: UUID | None = None
    pregnancy_id: UUID | None = None
    urgency: Urgency
    purpose: Note
    summary: Words
    consent: Consent
    invite: Annotated[list[Invitee], msgspec.Meta(min_length=1, max_length=12)]
    planned_at: Moment | None = None
    minutes: Minutes = 30


class MoveConsult(Strict, frozen=True, kw_only=True):
    """A step; `version` as last seen."""

    version: int
    note: Note | None = None


class InviteMore(Strict, frozen=True, kw_only=True):
    """Call others to it."""

    version: int
    invite: Annotated[list[Invitee], msgspec.Meta(min_length=1, max_length=12)]


class Decline(Strict, frozen=True, kw_only=True):
    """I cannot, and why."""

    version: int
    why: Why
    note: Note | None = None


class HandOn(Strict, frozen=True, kw_only=True):
    """Not I, but they: who is named is invited in my place."""

    version: int
    to: Invitee
    note: Note | None = None


class ProposeTime(Strict, frozen=True, kw_only=True):
    """A time that suits."""

    version: int
    starts_at: Moment
    minutes: Minutes = 30
    note: Note | None = None


class Conclude(Strict, frozen=True, kw_only=True):
    """How it ended; `advised` rests on advice that was signed."""

    version: int
    outcome: Outcome
    note: Note | None = None


class Decision(Strict, frozen=True, kw_only=True):
    """What the treating house makes of the advice."""

    adoption: Adoption
    text: Words


class Decide(Strict, frozen=True, kw_only=True):
    """The decision, and its author's password once more."""

    version: int
    decision: Decision
    password: Password


class RateConsult(Strict, frozen=True, kw_only=True):
    """How it was, each from 1 (poor) to 5 (very good): in time, clear, of use at the bedside."""

    timely: Score
    clear: Score
    useful: Score
    words: Annotated[str, msgspec.Meta(max_length=1000)] = ""


class InvitationOut(msgspec.Struct, frozen=True):
    """One invited side; `allowed` is what the viewer may do with it."""

    id: UUID
    n: int
    facility: FacilityRef | None
    group_id: UUID | None
    group: str | None
    person: PersonRef | None
    from_id: UUID | None
    state: InvitationStateName
    answered_by: PersonRef | None
    answered_at: datetime | None
    why: Why | None
    note: str | None
    allowed: list[str]


class ProposalOut(msgspec.Struct, frozen=True):
    """A time that somebody proposed; `may_agree` for the other side."""

    n: int
    facility: FacilityRef | None
    person: PersonRef | None
    at: datetime
    starts_at: datetime
    minutes: int
    note: str | None
    state: Literal["open", "agreed", "set_aside"]
    may_agree: bool


class DecisionOut(msgspec.Struct, frozen=True):
    """A signed decision of the treating house; n = 1, then what was added."""

    n: int
    author: PersonRef | None
    facility: FacilityRef | None
    decision: Decision
    signed_at: datetime
    sha256: str


class RatingOut(msgspec.Struct, frozen=True):
    """The asking house's newest word on how it was."""

    at: datetime
    by: PersonRef | None
    timely: int
    clear: int
    useful: int
    words: str


class ConsultEventOut(msgspec.Struct, frozen=True):
    """One thing that happened to a consultation."""

    at: datetime
    action: str
    state: ConsultStateName
    person: PersonRef | None
    note: str | None


class ConsultOut(msgspec.Struct, frozen=True):
    """A consultation as lists and calendars show it."""

    id: UUID
    of_case_id: UUID | None
    pregnancy_id: UUID
    facility: FacilityRef | None
    kind: Kind
    urgency: Urgency
    purpose: str
    state: ConsultStateName
    asked_by: PersonRef | None
    asked_at: datetime
    answer_by: datetime
    planned_at: datetime | None
    minutes: int
    begun_at: datetime | None
    concluded_at: datetime | None
    outcome: Outcome | None
    decide_by: datetime | None
    escalated_at: datetime | None
    next_at: datetime | None
    version: int
    rules: str
    rules_confidence: str
    woman: str
    gestation_days: int | None
    invited: list[InvitationOut]
    allowed: list[str]


class ConsultDetail(msgspec.Struct, frozen=True):
    """A consultation with everything that belongs to it; advice is read at its case."""

    consult: ConsultOut
    summary: str
    consent: Consent
    proposals: list[ProposalOut]
    decisions: list[DecisionOut]
    rating: RatingOut | None
    may_rate: bool
    history: list[ConsultEventOut]


class ConsultRef(msgspec.Struct, frozen=True):
    """What an idempotency key remembers: no text, only which consultation."""

    consult_id: UUID
