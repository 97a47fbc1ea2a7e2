"""The parts of a case as shown."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

from referral.commands.fields import (
    Acuity,
    CancelCode,
    Consent,
    DeclineCode,
    HoldKind,
    NeonatalAnswer,
    Outcome,
    RiskColour,
    Subject,
    Timeliness,
    Vitals,
)
from referral.commands.on_case import NewbornPlan
from referral.commands.on_leg import Checklist
from referral.states import HoldState, LegState, OfferState
from registry.facilities.schemas import FacilityRef
from registry.people.schemas import PersonRef


class Question(msgspec.Struct, kw_only=True):
    """A receiver's question and what came back."""

    question: str
    asked_at: datetime
    asked_by: PersonRef | None
    answer: str | None
    answered_at: datetime | None
    answered_by: PersonRef | None


class Offer(msgspec.Struct, kw_only=True):
    """One receiver asked."""

    id: UUID
    facility: FacilityRef
    state: OfferState
    purpose: Literal["transfer", "diversion", "neonatal"]
    designated: bool
    hop: int
    from_offer_id: UUID | None
    neonatal: NeonatalAnswer
    neonatal_note: str | None
    after_stabilising: bool
    conditions: str | None
    bed: str | None
    no_bed_accept_to: str | None
    offered_at: datetime
    delivered_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: PersonRef | None
    answered_at: datetime | None
    answered_by: PersonRef | None
    decision_due_at: datetime | None
    decision_paused_until: datetime | None
    decline_code: DeclineCode | None
    decline_note: str | None
    supervisor: str | None
    remote_advice: str | None
    redirect_reason: str | None
    onward: FacilityRef | None
    withdrawn_at: datetime | None
    withdrawn_reason: str | None
    withdrawal_acknowledged_at: datetime | None
    questions: list[Question]
    page_id: UUID | None


class Signature(msgspec.Struct, kw_only=True):
    """One side's half of a handover."""

    side: Literal["origin", "receiver"]
    person: PersonRef | None
    on_behalf: bool
    signed_at: datetime
    condition: str
    drugs: str
    blood: str
    documents: str
    vitals: Vitals | None


class TransitEntry(msgspec.Struct, kw_only=True):
    """Something reported from the road."""

    at: datetime
    kind: str
    note: str | None
    vitals: Vitals | None
    by: PersonRef | None


class Leg(msgspec.Struct, kw_only=True):
    """One journey."""

    id: UUID
    offer_id: UUID
    destination: FacilityRef
    state: LegState
    mode: Literal["ambulance", "helicopter", "own_vehicle"]
    vehicle: str | None
    escort: str | None
    checklist: Checklist | None
    eta: datetime | None
    planned_at: datetime
    ready_at: datetime | None
    departed_at: datetime | None
    arrived_at: datetime | None
    handed_over_at: datetime | None
    signatures: list[Signature]
    entries: list[TransitEntry]


class Hold(msgspec.Struct, kw_only=True):
    """A bed, cot, theatre or blood kept for her."""

    id: UUID
    offer_id: UUID | None
    facility: FacilityRef
    kind: HoldKind
    quantity: int
    state: HoldState
    label: str | None
    note: str | None
    requested_at: datetime
    expires_at: datetime | None


class Sbar(msgspec.Struct, kw_only=True):
    """Situation, background, assessment, request: frozen when the case was sent."""

    taken_at: datetime
    situation: str
    condition: str
    acuity: Acuity
    subject: Subject
    reason: str
    vitals: Vitals | None
    age: int | None
    gestation_days: int | None
    gravida: int | None
    para: int | None
    plurality: int | None
    risk_colour: RiskColour | None
    purple: bool
    needs_neonatal: bool
    consent: Consent | None
    origin: str
    sent_by: str
    requests: list[str]


class Record(msgspec.Struct, kw_only=True):
    """What is known now: the first send plus everything completed since."""

    vitals: Vitals | None = None
    reason: str | None = None
    admission_no: str | None = None
    chief_complaint: str | None = None
    diagnosis: str | None = None
    background: str | None = None
    treatment: str | None = None
    drugs: str | None = None
    allergies: str | None = None
    blood_group: Literal["A", "B", "AB", "O"] | None = None
    rh: Literal["+", "-"] | None = None
    hb_g_per_l: int | None = None
    plt_10e9_per_l: int | None = None
    fibrinogen_g_per_l: float | None = None
    wbc_10e9_per_l: float | None = None
    pt_s: float | None = None
    aptt_s: float | None = None
    d_dimer_mg_per_l: float | None = None
    creatinine_umol_per_l: float | None = None
    alt_u_per_l: float | None = None
    glucose_mmol_per_l: float | None = None
    urine_protein: str | None = None
    labs_at: datetime | None = None
    lactate_mmol_per_l: float | None = None
    urine_ml_per_h: int | None = None
    blood_given: str | None = None
    lines: str | None = None
    infection: str | None = None
    precautions: list[str] | None = None
    contractions: str | None = None
    membranes: Literal["intact", "ruptured"] | None = None
    membranes_ruptured_at: datetime | None = None
    amniotic_fluid: Literal["clear", "meconium", "bloody"] | None = None
    cervix_cm: float | None = None
    fetus: Literal["alive", "distress", "dead", "not_applicable"] | None = None
    labour_hours: float | None = None
    requests: list[str] | None = None
    blood_request: str | None = None
    relative: str | None = None
    updated_at: datetime | None = None
    updated_by: PersonRef | None = None


class Note(msgspec.Struct, kw_only=True):
    """A line in the case's conversation."""

    id: UUID
    at: datetime
    by: PersonRef | None
    text: str


class GuidanceEntry(msgspec.Struct, kw_only=True):
    """A step of the rescue in place: begun, led by somebody else, or a look at moving her."""

    what: Literal["begun", "lead", "continue", "move", "end"]
    at: datetime
    text: str
    by: PersonRef | None
    lead: PersonRef | None


class TeamReport(msgspec.Struct, kw_only=True):
    """What was heard of a travelling team."""

    what: Literal["named", "departed", "position", "arrived", "stood_down"]
    at: datetime
    entered_at: datetime
    place: str | None
    lat: float | None
    lon: float | None
    eta: datetime | None
    by: PersonRef | None


class Member(msgspec.Struct, kw_only=True):
    """One of a travelling team."""

    name: str
    post: str


class TravellingTeam(msgspec.Struct, kw_only=True):
    """An expert team on its way to her, or with her."""

    id: UUID
    facility: FacilityRef
    members: list[Member]
    phone: str
    state: Literal["named", "departed", "arrived", "stood_down"]
    eta: datetime | None
    named_at: datetime
    departed_at: datetime | None
    arrived_at: datetime | None
    reports: list[TeamReport]


class Guidance(msgspec.Struct, kw_only=True):
    """Rescue in place, led from a distance."""

    reason: str
    remote_lead: PersonRef | None
    lead_facility: FacilityRef | None
    team_travelling: bool
    since: datetime
    review_due_at: datetime | None
    ended_at: datetime | None
    entries: list[GuidanceEntry]
    teams: list[TravellingTeam]


class Ending(msgspec.Struct, kw_only=True):
    """How the case ended; `at` is empty while a case with a loss still goes on."""

    outcome: Outcome | None
    diagnosis: str | None
    feedback: str | None
    timeliness: Timeliness | None
    cancel_code: CancelCode | None
    cancel_note: str | None
    loss: Literal["fetus", "newborn"] | None
    place: str | None
    certifier: str | None
    at: datetime | None
    needs_review: bool
    treatment: str | None = None
    to_correct: str | None = None
    advice: str | None = None
    by: PersonRef | None = None
    feedback_read_at: datetime | None = None
    feedback_read_by: PersonRef | None = None
    frozen_at: datetime | None = None


class BackPlan(msgspec.Struct, kw_only=True):
    """What a back-referral asks of the local unit."""

    plan: str
    red_flags: str
    drugs: str | None
    risk_colour: RiskColour | None
    follow_up_facility: FacilityRef | None
    follow_up_on: date | None
    newborns: list[NewbornPlan]
    at: datetime
    by: PersonRef | None
