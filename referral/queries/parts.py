"""The parts of a case as they are shown."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from kernel.ids import PersonId
from referral.commands.fields import Vitals
from referral.commands.on_case import NewbornPlan
from referral.commands.on_leg import Checklist
from referral.models import HoldRow, LegRow, NoteRow, OfferRow
from referral.queries.rows import place
from referral.readmodel.parts import (
    BackPlan,
    Ending,
    Hold,
    Leg,
    Note,
    Offer,
    Question,
    Record,
    Signature,
    TransitEntry,
)
from referral.states import HoldState, LegState, OfferState
from registry.facilities.schemas import FacilityRef

if TYPE_CHECKING:
    from referral.queries.case import Stored

_RECORD_FIELDS = frozenset(field.name for field in msgspec.structs.fields(Record))


def people_in(stored: "Stored") -> set[PersonId]:
    """Everybody whose name the case page shows."""
    row = stored.case.referral
    found = {row.created_by, row.remote_lead_id, row.feedback_read_by}
    for offer_row in stored.case.offers:
        found |= {offer_row.acknowledged_by, offer_row.answered_by}
    found |= {signature.person_id for signature in stored.case.signatures}
    found |= {entry.person_id for entry in stored.record}
    found |= {entry.person_id for entry in stored.notes}
    for question in stored.questions:
        found |= {question.asked_by, question.answered_by}
    return {PersonId(id_) for id_ in found if id_ is not None}


def places_in(record: Sequence[Any]) -> set[UUID]:
    """Facilities that only the record names: where she is followed up."""
    named = (entry.data.get("follow_up_facility_id") for entry in record if entry.kind == "plan")
    return {UUID(id_) for id_ in named if id_ is not None}


def place_of(stored: "Stored", facility_id: UUID) -> FacilityRef:
    """A facility of the case, by name."""
    return place(stored.around, facility_id)


def vitals(raw: Any) -> Vitals | None:
    """Stored vital signs."""
    return None if raw is None else msgspec.convert(raw, Vitals)


def record(stored: "Stored") -> Record:
    """The fold over all entries: each field as it was said last."""
    known: dict[str, Any] = {}
    last = None
    for entry in stored.record:
        if entry.kind in ("first", "completion"):
            known |= {
                name: value
                for name, value in entry.data.items()
                if name in _RECORD_FIELDS and value is not None
            }
            last = entry
    seen = vitals(known.pop("vitals", None))
    return Record(
        vitals=seen,
        updated_at=None if last is None else last.entered_at,
        updated_by=None if last is None else stored.person(last.person_id),
        **known,
    )


def _said(stored: "Stored", offer_id: UUID, name: str) -> str | None:
    """What was written with an answer to an offer."""
    found = [
        entry.data.get(name)
        for entry in stored.record
        if entry.kind == "decision" and entry.data.get("offer_id") == str(offer_id)
    ]
    return next((text for text in reversed(found) if text), None)


def offer(stored: "Stored", row: OfferRow) -> Offer:
    """One receiver asked."""
    return Offer(
        id=row.id,
        facility=place_of(stored, row.facility_id),
        state=OfferState(row.state),
        purpose=row.purpose,  # type: ignore[arg-type]
        designated=row.designated,
        hop=row.hop,
        from_offer_id=row.from_offer_id,
        neonatal=row.neonatal,  # type: ignore[arg-type]
        neonatal_note=_said(stored, row.id, "neonatal_note"),
        after_stabilising=row.after_stabilising,
        conditions=_said(stored, row.id, "conditions"),
        bed=row.bed,
        no_bed_accept_to=row.no_bed_accept_to,
        offered_at=row.offered_at,
        delivered_at=row.delivered_at,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=stored.person(row.acknowledged_by),
        answered_at=row.answered_at,
        answered_by=stored.person(row.answered_by),
        decision_due_at=row.decision_due_at,
        decision_paused_until=row.paused_until,
        decline_code=row.decline_code,  # type: ignore[arg-type]
        decline_note=_said(stored, row.id, "decline_note"),
        supervisor=_said(stored, row.id, "supervisor"),
        remote_advice=_said(stored, row.id, "remote_advice"),
        redirect_reason=_said(stored, row.id, "redirect_reason"),
        onward=None if row.onward_id is None else place_of(stored, row.onward_id),
        withdrawn_at=row.withdrawn_at,
        withdrawn_reason=row.withdrawn_reason,
        withdrawal_acknowledged_at=row.withdrawal_acknowledged_at,
        questions=[
            Question(
                question=question.question,
                asked_at=question.asked_at,
                asked_by=stored.person(question.asked_by),
                answer=question.answer,
                answered_at=question.answered_at,
                answered_by=stored.person(question.answered_by),
            )
            for question in stored.questions
            if question.offer_id == row.id
        ],
        page_id=row.page_id,
    )


def leg(stored: "Stored", row: LegRow) -> Leg:
    """One journey."""
    return Leg(
        id=row.id,
        offer_id=row.offer_id,
        destination=place_of(stored, row.destination_id),
        state=LegState(row.state),
        mode=row.mode,  # type: ignore[arg-type]
        vehicle=row.vehicle,
        escort=row.escort,
        checklist=None if row.checklist is None else msgspec.convert(row.checklist, Checklist),
        eta=row.eta,
        planned_at=row.planned_at,
        ready_at=row.ready_at,
        departed_at=row.departed_at,
        arrived_at=row.arrived_at,
        handed_over_at=row.handed_over_at,
        signatures=[
            Signature(
                side=signature.side,  # type: ignore[arg-type]
                person=stored.person(signature.person_id),
                on_behalf=signature.on_behalf,
                signed_at=signature.signed_at,
                condition=signature.content["condition"],
                drugs=signature.content["drugs"],
                blood=signature.content["blood"],
                documents=signature.content["documents"],
                vitals=vitals(signature.content.get("vitals")),
            )
            for signature in stored.case.signatures
            if signature.leg_id == row.id
        ],
        entries=[
            TransitEntry(
                at=entry.at,
                kind=str(entry.data.get("what", "")),
                note=entry.data.get("note"),
                vitals=vitals(entry.data.get("vitals")),
                by=stored.person(entry.person_id),
            )
            for entry in stored.record
            if entry.kind == "transit" and entry.leg_id == row.id
        ],
    )


def hold(stored: "Stored", row: HoldRow) -> Hold:
    """One bed, cot, theatre or blood."""
    return Hold(
        id=row.id,
        offer_id=row.offer_id,
        facility=place_of(stored, row.facility_id),
        kind=row.kind,  # type: ignore[arg-type]
        quantity=row.quantity,
        state=HoldState(row.state),
        label=row.label,
        note=row.note,
        requested_at=row.requested_at,
        expires_at=row.expires_at,
    )


def note(stored: "Stored", row: NoteRow) -> Note:
    """A line of the conversation."""
    return Note(id=row.id, at=row.at, by=stored.person(row.person_id), text=row.text)


def ending(stored: "Stored") -> Ending | None:
    """How the case ended, if it has (or a loss on the way, if it has not)."""
    row = stored.case.referral
    if row.ended_at is None and not row.needs_review:
        return None
    said: dict[str, Any] = {}
    last = None
    for entry in stored.record:
        if entry.kind == "ending":
            said |= {name: value for name, value in entry.data.items() if value is not None}
            last = entry
    return Ending(
        outcome=row.outcome,  # type: ignore[arg-type]
        diagnosis=said.get("diagnosis"),
        feedback=said.get("feedback"),
        timeliness=row.timeliness,  # type: ignore[arg-type]
        cancel_code=row.cancel_code,  # type: ignore[arg-type]
        cancel_note=said.get("cancel_note"),
        loss=said.get("loss"),
        place=said.get("place"),
        certifier=said.get("certifier"),
        at=row.ended_at,
        needs_review=row.needs_review,
        treatment=said.get("treatment"),
        to_correct=said.get("to_correct"),
        advice=said.get("advice"),
        by=None if last is None else stored.person(last.person_id),
        feedback_read_at=row.feedback_read_at,
        feedback_read_by=stored.person(row.feedback_read_by),
        frozen_at=row.frozen_at,
    )


def plan(stored: "Stored") -> BackPlan | None:
    """Plan and red flags of a back-referral."""
    found = [entry for entry in stored.record if entry.kind == "plan"]
    if not found:
        return None
    said = found[-1].data
    place_id, day = said.get("follow_up_facility_id"), said.get("follow_up_on")
    return BackPlan(
        plan=said["plan"],
        red_flags=said["red_flags"],
        drugs=said.get("drugs"),
        risk_colour=said.get("risk_colour"),
        follow_up_facility=None if place_id is None else place_of(stored, UUID(place_id)),
        follow_up_on=None if day is None else date.fromisoformat(day),
        newborns=msgspec.convert(said.get("newborns") or [], list[NewbornPlan]),
        at=found[-1].at,
        by=stored.person(found[-1].person_id),
    )
