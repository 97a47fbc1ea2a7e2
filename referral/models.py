"""Tables of a transfer. Only `service.desk` moves states; history is on the case's chain."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kernel.columns import UTCDateTime
from kernel.database import Base


class ReferralRow(Base):
    """The case. Holds no identity and no clinical text."""

    __tablename__ = "referral"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str]
    state: Mapped[str]
    version: Mapped[int]
    direction: Mapped[str]
    patient_id: Mapped[UUID]
    pregnancy_id: Mapped[UUID]
    subject: Mapped[str]
    condition: Mapped[str]
    acuity: Mapped[str]
    risk_colour: Mapped[str | None]
    purple: Mapped[bool]
    needs_neonatal: Mapped[bool]
    cots_needed: Mapped[int] = mapped_column(default=1)
    consent: Mapped[str | None]
    drill: Mapped[bool]
    demo: Mapped[bool]
    simulated: Mapped[bool]
    origin_id: Mapped[UUID]
    origin_region_id: Mapped[UUID | None]
    receiver_id: Mapped[UUID | None]
    created_by: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    committed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    replaces_id: Mapped[UUID | None] = mapped_column(ForeignKey("referral.id"))
    remote_lead_id: Mapped[UUID | None]
    lead_facility_id: Mapped[UUID | None]
    team_travelling: Mapped[bool] = mapped_column(default=False)
    guided_since: Mapped[datetime | None] = mapped_column(UTCDateTime)
    guided_ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    outcome: Mapped[str | None]
    timeliness: Mapped[str | None]
    cancel_code: Mapped[str | None]
    needs_review: Mapped[bool] = mapped_column(default=False)
    feedback_read_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    feedback_read_by: Mapped[UUID | None]
    frozen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    due_kind: Mapped[str | None]


class OfferRow(Base):
    """One receiver asked; at most one accepted per purpose (unique index)."""

    __tablename__ = "offer"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    facility_id: Mapped[UUID]
    state: Mapped[str]
    purpose: Mapped[str]
    designated: Mapped[bool]
    hop: Mapped[int]
    from_offer_id: Mapped[UUID | None] = mapped_column(ForeignKey("offer.id"))
    neonatal: Mapped[str]
    after_stabilising: Mapped[bool] = mapped_column(default=False)
    bed: Mapped[str | None]
    no_bed_accept_to: Mapped[str | None]
    offered_at: Mapped[datetime] = mapped_column(UTCDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    acknowledged_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    acknowledged_by: Mapped[UUID | None]
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    answered_by: Mapped[UUID | None]
    decision_due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    paused_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    pause_used: Mapped[bool] = mapped_column(default=False)
    decline_code: Mapped[str | None]
    onward_id: Mapped[UUID | None]
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    withdrawn_reason: Mapped[str | None]
    withdrawal_acknowledged_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    page_id: Mapped[UUID | None]
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    due_kind: Mapped[str | None]


class LegRow(Base):
    """One journey; at most one live per case (unique index)."""

    __tablename__ = "leg"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    offer_id: Mapped[UUID] = mapped_column(ForeignKey("offer.id"))
    destination_id: Mapped[UUID]
    state: Mapped[str]
    mode: Mapped[str]
    vehicle: Mapped[str | None]
    escort: Mapped[str | None]
    checklist: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    eta: Mapped[datetime | None] = mapped_column(UTCDateTime)
    estimated_eta: Mapped[datetime | None] = mapped_column(UTCDateTime)
    estimated_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    near_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    queried_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    planned_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ready_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    departed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    arrived_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    handed_over_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    due_kind: Mapped[str | None]


class HoldRow(Base):
    """A bed, cot, theatre or blood kept for an inbound patient."""

    __tablename__ = "hold"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    offer_id: Mapped[UUID | None] = mapped_column(ForeignKey("offer.id"))
    facility_id: Mapped[UUID]
    kind: Mapped[str]
    quantity: Mapped[int] = mapped_column(default=1)
    state: Mapped[str]
    label: Mapped[str | None]
    note: Mapped[str | None]
    requested_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    due_kind: Mapped[str | None]


class BloodOrderRow(Base):
    """Blood asked of a bank; its moments are set once, its hold moves with it."""

    __tablename__ = "blood_order"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    case_number: Mapped[str]
    drill: Mapped[bool]
    hold_id: Mapped[UUID] = mapped_column(ForeignKey("hold.id"))
    facility_id: Mapped[UUID]
    bedside_id: Mapped[UUID]
    product: Mapped[str]
    subkey: Mapped[str]
    units: Mapped[int]
    urgency: Mapped[str]
    requested_at: Mapped[datetime] = mapped_column(UTCDateTime)
    requested_by: Mapped[UUID]
    issued_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    issued_by: Mapped[UUID | None]
    issued_units: Mapped[int | None]
    issued_subkey: Mapped[str | None]
    departed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    departed_by: Mapped[UUID | None]
    arrived_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    arrived_by: Mapped[UUID | None]
    cancelled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    cancelled_by: Mapped[UUID | None]
    note: Mapped[str | None]


class SnapshotRow(Base):
    """The SBAR as it was when the case was sent; never updated."""

    __tablename__ = "referral_snapshot"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"), primary_key=True)
    taken_at: Mapped[datetime] = mapped_column(UTCDateTime)
    sbar: Mapped[dict[str, Any]] = mapped_column(JSONB)


class RecordRow(Base):
    """Something that became known; append-only, the record is the fold over these."""

    __tablename__ = "referral_record"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    leg_id: Mapped[UUID | None] = mapped_column(ForeignKey("leg.id"))
    kind: Mapped[str]
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    entered_at: Mapped[datetime] = mapped_column(UTCDateTime)
    person_id: Mapped[UUID | None]
    facility_id: Mapped[UUID | None]
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)


class NoteRow(Base):
    """A line of the case's conversation; append-only."""

    __tablename__ = "referral_note"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    person_id: Mapped[UUID]
    facility_id: Mapped[UUID]
    text: Mapped[str]


class QuestionRow(Base):
    """A receiver's question; answered at most once."""

    __tablename__ = "offer_question"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    offer_id: Mapped[UUID] = mapped_column(ForeignKey("offer.id"))
    question: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    asked_by: Mapped[UUID]
    answer: Mapped[str | None]
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    answered_by: Mapped[UUID | None]


TEAM_PHONE = "guidance_team.phone"
"""The field that a travelling team's number is sealed for."""


class TeamRow(Base):
    """An expert team that travels to her; its phone is sealed."""

    __tablename__ = "guidance_team"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    facility_id: Mapped[UUID]
    members: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
    phone_sealed: Mapped[bytes]
    state: Mapped[str]
    named_by: Mapped[UUID]
    named_at: Mapped[datetime] = mapped_column(UTCDateTime)
    departed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    eta: Mapped[datetime | None] = mapped_column(UTCDateTime)
    arrived_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class TeamReportRow(Base):
    """What was heard of a travelling team; append-only."""

    __tablename__ = "guidance_team_report"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    team_id: Mapped[UUID] = mapped_column(ForeignKey("guidance_team.id"))
    case_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    what: Mapped[str]
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    entered_at: Mapped[datetime] = mapped_column(UTCDateTime)
    person_id: Mapped[UUID]
    place: Mapped[str | None]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    eta: Mapped[datetime | None] = mapped_column(UTCDateTime)


class SignatureRow(Base):
    """One side's half of a handover; append-only."""

    __tablename__ = "handover_signature"

    leg_id: Mapped[UUID] = mapped_column(ForeignKey("leg.id"), primary_key=True)
    side: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    person_id: Mapped[UUID]
    facility_id: Mapped[UUID]
    on_behalf: Mapped[bool]
    signed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)


class TreatmentRow(Base):
    """Something given or done, with its time; a slip is withdrawn and entered anew."""

    __tablename__ = "referral_treatment"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    baby: Mapped[int]
    phase: Mapped[str]
    code: Mapped[str]
    catalogue: Mapped[str]
    dose: Mapped[float | None]
    unit: Mapped[str | None]
    route: Mapped[str | None]
    note: Mapped[str | None]
    given_at: Mapped[datetime] = mapped_column(UTCDateTime)
    entered_at: Mapped[datetime] = mapped_column(UTCDateTime)
    late_reason: Mapped[str | None]
    person_id: Mapped[UUID | None]
    facility_id: Mapped[UUID | None]


class NewbornFormRow(Base):
    """What became known of one child; the form is the fold over these."""

    __tablename__ = "referral_newborn_form"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    baby: Mapped[int]
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    entered_at: Mapped[datetime] = mapped_column(UTCDateTime)
    person_id: Mapped[UUID | None]
    facility_id: Mapped[UUID | None]
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)


class ConsentRow(Base):
    """One act of consent; the newest counts, all stay readable."""

    __tablename__ = "referral_consent"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    kind: Mapped[str]
    given_by: Mapped[str | None]
    relation: Mapped[str | None]
    names_sealed: Mapped[bytes | None]
    attachment_id: Mapped[UUID | None] = mapped_column(ForeignKey("referral_attachment.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    entered_at: Mapped[datetime] = mapped_column(UTCDateTime)
    late_reason: Mapped[str | None]
    person_id: Mapped[UUID | None]
    facility_id: Mapped[UUID | None]


class AttachmentRow(Base):
    """A photograph or PDF of the case; its bytes lie sealed in the store, found by their hash."""

    __tablename__ = "referral_attachment"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    baby: Mapped[int]
    kind: Mapped[str]
    media_type: Mapped[str]
    size_bytes: Mapped[int]
    sha256: Mapped[bytes]
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    person_id: Mapped[UUID | None]
    facility_id: Mapped[UUID | None]


class ReferenceRow(Base):
    """Something recorded elsewhere, cited: seconds of a tracing, a picture, later a study."""

    __tablename__ = "referral_reference"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    kind: Mapped[str]
    recording_id: Mapped[UUID | None]
    from_seq: Mapped[int | None] = mapped_column(BigInteger)
    to_seq: Mapped[int | None] = mapped_column(BigInteger)
    attachment_id: Mapped[UUID | None] = mapped_column(ForeignKey("referral_attachment.id"))
    study_uid: Mapped[str | None]
    note: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    person_id: Mapped[UUID | None]
    facility_id: Mapped[UUID | None]


class WithdrawalRow(Base):
    """Entered by mistake: the target stays readable, struck through."""

    __tablename__ = "referral_withdrawal"

    target_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    what: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    person_id: Mapped[UUID | None]
    facility_id: Mapped[UUID | None]


class SeenRow(Base):
    """Up to when somebody has read what changed in a case."""

    __tablename__ = "referral_seen"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
