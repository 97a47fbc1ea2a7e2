"""The whole case as shown."""

from datetime import datetime
from uuid import UUID

import msgspec

from kernel.confidence import Confidence
from referral.commands.fields import Acuity, Consent, Subject
from referral.readmodel.board import BoardRow
from referral.readmodel.parts import (
    BackPlan,
    Ending,
    Guidance,
    Hold,
    Leg,
    Note,
    Offer,
    Record,
    Sbar,
)
from referral.states import ReferralState
from registry.people.schemas import PersonRef
from registry.pregnancies.schemas import NewbornOut, PregnancyOut


class Referral(BoardRow, kw_only=True):
    """The whole case as this viewer may see it."""

    consent: Consent | None
    needs_neonatal: bool
    cots_needed: int
    snapshot: Sbar | None
    record: Record
    missing: list[str]
    offers: list[Offer]
    legs: list[Leg]
    holds: list[Hold]
    notes: list[Note]
    pregnancy: PregnancyOut | None
    newborns: list[NewbornOut]
    created_by: PersonRef | None
    remote_lead: PersonRef | None
    guidance: Guidance | None
    ending: Ending | None
    plan: BackPlan | None
    replaces_id: UUID | None
    replaced_by_ids: list[UUID]
    committed_at: datetime | None


class Voided(msgspec.Struct, kw_only=True):
    """All an administrator is told about a voided case."""

    id: UUID
    number: str
    state: ReferralState
    version: int


class Condition(msgspec.Struct, kw_only=True):
    """An entry of the catalogue of conditions."""

    code: str
    zh: str
    en: str
    icon: str
    subject: Subject
    needs_neonatal: bool
    acuity: Acuity
    source: str
    confidence: Confidence


class TimerLimits(msgspec.Struct, kw_only=True):
    """Time limits in force, by step; `status` says whether anybody has confirmed them."""

    version: str
    source: str
    status: str
    seconds: dict[str, int]
