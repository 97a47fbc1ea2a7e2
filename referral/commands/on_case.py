"""Commands to a case."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from referral.commands.fields import (
    Act,
    Anaesthesia,
    CancelCode,
    Consent,
    HoldKind,
    Input,
    LongText,
    MilestoneKind,
    Outcome,
    Place,
    Precautions,
    Requests,
    RiskColour,
    ShortText,
    Timeliness,
    Vitals,
    VoidCode,
    When,
)


class Send(Act, kw_only=True):
    """Send a draft."""

    consent: Consent | None = None
    destinations: Annotated[list[UUID], msgspec.Meta(max_length=6)] = msgspec.field(
        default_factory=list
    )


class AddOffer(Act, kw_only=True):
    """Offer the case to one more unit; `purpose` neonatal asks it for the newborn's cots alone."""

    facility_id: UUID
    purpose: Literal["transfer", "neonatal"] = "transfer"


class Commit(Act, kw_only=True):
    """The sender takes the accepted offer; all others are withdrawn.

    `newborn_override` says why she travels although nobody has promised a cot.
    """

    offer_id: UUID
    newborn_override: ShortText | None = None


class GuideInPlace(Act, kw_only=True):
    """She cannot be moved: rescue here, led from a distance."""

    reason: LongText
    remote_lead_id: UUID
    team_travelling: bool = False


class ReviewGuidance(Act, kw_only=True):
    """Still not movable; look again in 15 minutes."""

    note: LongText


class HandOverLead(Act, kw_only=True):
    """Somebody else leads from here on; who led before stays written."""

    remote_lead_id: UUID
    note: LongText


class TeamMember(Input, kw_only=True):
    """One of an expert team that travels to her."""

    name: ShortText
    post: ShortText


class SendTeam(Input, kw_only=True):
    """An expert team comes to her."""

    members: Annotated[list[TeamMember], msgspec.Meta(min_length=1, max_length=8)]
    phone: Annotated[str, msgspec.Meta(pattern=r"^[0-9+\- ]{3,20}$")]
    facility_id: UUID | None = None
    eta: When | None = None
    at: When | None = None
    late_reason: ShortText | None = None


class ReportTeam(Input, kw_only=True):
    """Where the team is: by hand, or from its own phone."""

    what: Literal["departed", "position", "arrived", "stood_down"]
    place: ShortText | None = None
    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)] | None = None
    lon: Annotated[float, msgspec.Meta(ge=-180, le=180)] | None = None
    eta: When | None = None
    at: When | None = None
    late_reason: ShortText | None = None


class ResumeTransfer(Act, kw_only=True):
    """She can be moved after all."""

    note: LongText


class EndGuidance(Act, kw_only=True):
    """Rescued where she is."""

    outcome: Outcome
    diagnosis: ShortText
    feedback: LongText


class Close(Act, kw_only=True):
    """Outcome and feedback go back to the sender."""

    outcome: Outcome
    diagnosis: ShortText
    feedback: LongText
    timeliness: Timeliness = "not_judged"
    treatment: LongText | None = None
    to_correct: LongText | None = None
    advice: LongText | None = None
    place: ShortText | None = None
    certifier: ShortText | None = None


class ReadFeedback(Act, kw_only=True):
    """The sender has read outcome and feedback."""


class Cancel(Act, kw_only=True):
    """The transfer is off."""

    code: CancelCode
    note: ShortText | None = None


class Die(Act, kw_only=True):
    """The woman (or the newborn who is being moved) died: the timeline is frozen."""

    place: ShortText
    certifier: ShortText
    note: LongText | None = None


class RecordLoss(Act, kw_only=True):
    """A fetus or newborn died while the case goes on."""

    who: Literal["fetus", "newborn"]
    place: ShortText
    certifier: ShortText
    newborn_id: UUID | None = None
    note: LongText | None = None


class Void(Act, kw_only=True):
    """The case should not exist; kept, but hidden from lists and indicators."""

    code: VoidCode
    reason: ShortText


class NewbornPlan(Input, kw_only=True):
    """What is to be done for one of her children."""

    newborn_id: UUID
    plan: LongText


class BackRefer(Act, kw_only=True):
    """Down again with a plan."""

    facility_id: UUID | None = None
    plan: LongText
    red_flags: LongText
    drugs: LongText | None = None
    risk_colour: RiskColour | None = None
    follow_up_facility_id: UUID | None = None
    follow_up_on: date | None = None
    newborns: Annotated[list[NewbornPlan], msgspec.Meta(max_length=9)] = msgspec.field(
        default_factory=list
    )


class RequestHold(Act, kw_only=True):
    """Ask the receiver to keep a bed, cot, theatre or blood."""

    offer_id: UUID
    kind: HoldKind
    note: ShortText | None = None


class CompleteRecord(Act, kw_only=True):
    """What became known after sending; each field replaces what stood before, history kept.

    These are the clinical fields of the mother's form; who she is belongs to the registry.
    """

    vitals: Vitals | None = None
    reason: LongText | None = None
    admission_no: ShortText | None = None
    chief_complaint: LongText | None = None
    diagnosis: LongText | None = None
    background: LongText | None = None
    treatment: LongText | None = None
    drugs: LongText | None = None
    allergies: ShortText | None = None
    blood_group: Literal["A", "B", "AB", "O"] | None = None
    rh: Literal["+", "-"] | None = None
    hb_g_per_l: Annotated[int, msgspec.Meta(ge=0, le=250)] | None = None
    plt_10e9_per_l: Annotated[int, msgspec.Meta(ge=0, le=2000)] | None = None
    fibrinogen_g_per_l: Annotated[float, msgspec.Meta(ge=0, le=20)] | None = None
    wbc_10e9_per_l: Annotated[float, msgspec.Meta(ge=0, le=200)] | None = None
    pt_s: Annotated[float, msgspec.Meta(ge=0, le=300)] | None = None
    aptt_s: Annotated[float, msgspec.Meta(ge=0, le=300)] | None = None
    d_dimer_mg_per_l: Annotated[float, msgspec.Meta(ge=0, le=500)] | None = None
    creatinine_umol_per_l: Annotated[float, msgspec.Meta(ge=0, le=5000)] | None = None
    alt_u_per_l: Annotated[float, msgspec.Meta(ge=0, le=50_000)] | None = None
    glucose_mmol_per_l: Annotated[float, msgspec.Meta(ge=0, le=100)] | None = None
    urine_protein: Literal["-", "±", "+", "++", "+++", "++++"] | None = None
    labs_at: When | None = None
    lactate_mmol_per_l: Annotated[float, msgspec.Meta(ge=0, le=40)] | None = None
    urine_ml_per_h: Annotated[int, msgspec.Meta(ge=0, le=3000)] | None = None
    blood_given: ShortText | None = None
    lines: ShortText | None = None
    infection: ShortText | None = None
    precautions: Precautions | None = None
    contractions: ShortText | None = None
    membranes: Literal["intact", "ruptured"] | None = None
    membranes_ruptured_at: When | None = None
    amniotic_fluid: Literal["clear", "meconium", "bloody"] | None = None
    cervix_cm: Annotated[float, msgspec.Meta(ge=0, le=10)] | None = None
    fetus: Literal["alive", "distress", "dead", "not_applicable"] | None = None
    labour_hours: Annotated[float, msgspec.Meta(ge=0, le=200)] | None = None
    requests: Requests | None = None
    blood_request: ShortText | None = None
    relative: ShortText | None = None


class AddNote(Input, kw_only=True):
    """A line in the case's conversation; never edited, only followed."""

    text: LongText


class Milestone(Input, kw_only=True):
    """A moment on the green-channel clock, entered by a person.

    A decision for caesarean carries its class; where she is and the anaesthesia, where known.
    """

    kind: MilestoneKind
    at: When | None = None
    urgency_class: Annotated[int, msgspec.Meta(ge=1, le=4)] | None = None
    place: Place | None = None
    anaesthesia: Anaesthesia | None = None
    late_reason: ShortText | None = None
    note: ShortText | None = None
