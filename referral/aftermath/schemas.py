"""What follows a case, as shown."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from kernel.confidence import Confidence
from referral.aftermath.deadlines import Who
from referral.commands.fields import Acuity, Outcome
from referral.states import ReferralState
from registry.facilities.schemas import FacilityRef
from registry.people.schemas import PersonRef


class CaseRef(msgspec.Struct, kw_only=True):
    """As much of a case as a list shows."""

    id: UUID
    number: str
    state: ReferralState
    condition: str
    acuity: Acuity
    name_short: str
    origin: FacilityRef
    receiver: FacilityRef | None
    drill: bool
    demo: bool


class ReviewStep(msgspec.Struct, kw_only=True):
    """One thing that is due after a death, under which rule, and whether it was done."""

    step: str
    zh: str
    en: str
    rule_zh: str
    rule_en: str
    source: str
    confidence: Confidence
    to_be_verified: bool
    due_at: datetime
    reminders: int
    reported_at: datetime | None
    reported_by: PersonRef | None
    reported_for: FacilityRef | None
    reference: str | None


class DeathReview(msgspec.Struct, kw_only=True):
    """A death and what is due after it."""

    id: UUID
    case: CaseRef
    who: Who
    newborn_id: UUID | None
    died_at: datetime
    opened_at: datetime
    status: Literal["open", "overdue", "reported"]
    ruleset: str
    calendar: str
    calendar_to_be_verified: bool
    steps: list[ReviewStep]
    may_report: bool


class CriterionMet(msgspec.Struct, kw_only=True):
    """A near-miss criterion that holds, and why."""

    code: str
    system_zh: str
    system_en: str
    zh: str
    en: str
    values: dict[str, bool | int | float | str]


class NearMissProposal(msgspec.Struct, kw_only=True):
    """Criteria found by rules; a person says whether it was a near-miss."""

    id: UUID
    case: CaseRef
    ruleset: str
    source: str
    confidence: Confidence
    criteria: list[CriterionMet]
    proposed_at: datetime
    newest: bool
    verdict: Literal["confirmed", "rejected"] | None
    reason: str | None
    decided_at: datetime | None
    decided_by: PersonRef | None
    may_decide: bool


class Unknown(msgspec.Struct, kw_only=True):
    """A criterion that nobody can decide from what is known."""

    code: str
    zh: str
    en: str
    needs: list[str]


class CaseAftermath(msgspec.Struct, kw_only=True):
    """Everything that follows one case."""

    reviews: list[DeathReview]
    near_miss: list[NearMissProposal]
    unknown: list[Unknown]
    ruleset: str
    may_enter: bool


class AwaitedFeedback(msgspec.Struct, kw_only=True):
    """Received and treated, and the sender still waits for outcome and feedback.

    Attributes:
        ours: it is the viewer's house that owes it.
        asked: who accepted her or took her over; they are reminded in person.
        reminded: how often, so far.
    """

    case: CaseRef
    ours: bool
    handed_over_at: datetime | None
    due_at: datetime | None
    overdue: bool
    asked: list[PersonRef]
    reminded: int
    next_reminder_at: datetime | None


class UnreadFeedback(msgspec.Struct, kw_only=True):
    """Came back from the receiver and nobody has said that it was read."""

    case: CaseRef
    outcome: Outcome | None
    closed_at: datetime | None


class Feedback(msgspec.Struct, kw_only=True):
    """Both directions: what we owe, and what came back. The limit is a proposal, 待核实."""

    owed: list[AwaitedFeedback]
    unread: list[UnreadFeedback]
    limit_seconds: int
    ruleset: str
    to_be_verified: bool
    server_time: datetime


class Reviews(msgspec.Struct, kw_only=True):
    """Deaths and near-misses that this viewer may see."""

    deaths: list[DeathReview]
    near_misses: list[NearMissProposal]
    server_time: datetime
