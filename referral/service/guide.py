"""She cannot be moved: rescue where she is, led from a distance. A path, not a failure (16)."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import service as duty
from kernel import parties
from kernel.chain.history import history
from kernel.clock import Clock
from kernel.ids import CaseId, PersonId
from kernel.parties import PartyRole
from kernel.viewer import Viewer
from referral.aftermath.service.reviews import open_review
from referral.commands.fields import DEATHS
from referral.commands.on_case import (
    EndGuidance,
    GuideInPlace,
    HandOverLead,
    ResumeTransfer,
    ReviewGuidance,
)
from referral.errors import PersonUnknown
from referral.service.ask import tell
from referral.service.commit import free_holds, let_go
from referral.service.desk import Desk, at_desk
from referral.states import OfferState, ReferralAction, Side
from registry.people import queries as people

GUIDANCE = "guidance.session"
REVIEWED = "referral.guided_review"
"""Its decision: continue, move or end; every one is a look at whether she can be moved."""


async def guide_in_place(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: GuideInPlace
) -> CaseId:
    """Lead the rescue from a distance; counts as a guidance session of the lead's centre.

    Raises:
        PersonUnknown: the remote lead does not exist.
    """
    async with at_desk(session, clock, viewer, case_id, order) as desk:
        case = desk.rows.referral
        side = desk.move_case(ReferralAction.GUIDE_IN_PLACE)
        lead = PersonId(order.remote_lead_id)
        known = (await people.get_many(session, [lead])).get(lead)
        if known is None:
            raise PersonUnknown(field="remote_lead_id")
        await parties.add_person(session, desk.case_id, lead, PartyRole.REMOTE_LEAD)
        case.remote_lead_id, case.lead_facility_id = lead, known.facility_id
        case.team_travelling = order.team_travelling
        case.guided_since, case.guided_ended_at = desk.at, None
        for leg in desk.rows.legs:
            desk.rest(leg)
        desk.due(case, "guidance_review")
        desk.remember("guidance", {"what": "begun", "text": order.reason, "person_id": str(lead)})
        facts = {
            "lead": lead,
            "reason": "unsafe_or_impossible_to_move",
            "team_travelling": order.team_travelling,
        }
        await desk.write("referral.guided_in_place", facts, side=side)
        await _count_session(desk, known.facility_id)
        await _tell_lead(desk, "referral.guided_in_place")
    return desk.case_id


async def _count_session(desk: Desk, centre: UUID) -> None:
    """One guidance session per case and centre, however often it guides (indicator 15)."""
    institution = desk.rows.referral.origin_id
    counted = any(
        event.row.kind == GUIDANCE and event.payload.get("centre_facility") == str(centre)
        for event in await history(desk.session, desk.case_id)
    )
    if centre == institution or counted:
        return
    facts = {"centre_facility": centre, "institution_facility": institution}
    await desk.write(GUIDANCE, {**facts, "way": "guided_in_place"})


async def _tell_lead(desk: Desk, kind: str) -> None:
    lead = desk.rows.referral.remote_lead_id
    people_told = [] if lead is None else [PersonId(lead)]
    await duty.notify_people(
        desk.session,
        desk.clock,
        case_id=desk.case_id,
        kind=kind,
        data={"number": desk.rows.referral.number},
        facility_id=None,
        person_ids=people_told,
    )


async def review_guidance(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: ReviewGuidance
) -> CaseId:
    """Looked at again: still not movable. The next look is in 15 minutes."""
    async with at_desk(session, clock, viewer, case_id, order) as desk:
        side = desk.move_case(ReferralAction.REVIEW_GUIDANCE)
        desk.due(desk.rows.referral, "guidance_review")
        desk.remember("guidance", {"what": "continue", "text": order.note})
        await desk.write(REVIEWED, {"decision": "continue"}, side=side)
    return desk.case_id


async def hand_over_lead(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: HandOverLead
) -> CaseId:
    """Somebody else leads from here on, by name; the review keeps its time.

    Raises:
        PersonUnknown: the new lead does not exist, or leads already.
    """
    async with at_desk(session, clock, viewer, case_id, order) as desk:
        case = desk.rows.referral
        side = desk.move_case(ReferralAction.HAND_OVER_LEAD)
        former, lead = case.remote_lead_id, PersonId(order.remote_lead_id)
        known = (await people.get_many(session, [lead])).get(lead)
        if known is None or lead == former:
            raise PersonUnknown(field="remote_lead_id")
        await parties.add_person(session, desk.case_id, lead, PartyRole.REMOTE_LEAD)
        case.remote_lead_id, case.lead_facility_id = lead, known.facility_id
        desk.remember("guidance", {"what": "lead", "text": order.note, "person_id": str(lead)})
        facts = {"from_person": former, "lead": lead, "facility_id": known.facility_id}
        await desk.write("referral.lead_handed_over", facts, side=side)
        await _count_session(desk, known.facility_id)
        await _tell_lead(desk, "referral.lead_handed_over")
        ends = [case.origin_id, known.facility_id]
        await tell(desk, "referral.lead_handed_over", ends, {"lead": lead})
    return desk.case_id


async def resume_transfer(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: ResumeTransfer
) -> CaseId:
    """She can be moved after all: the case is open again, answers given still count."""
    async with at_desk(session, clock, viewer, case_id, order) as desk:
        case = desk.rows.referral
        side = desk.move_case(ReferralAction.RESUME_TRANSFER)
        case.guided_ended_at = desk.at
        accepted = [
            offer
            for offer in desk.rows.offers
            if offer.state == OfferState.ACCEPTED and offer.purpose != "neonatal"
        ]
        if accepted:
            desk.due(case, "commit")
            for offer in accepted:
                offer.purpose = "transfer"
        else:
            desk.rest(case)
        desk.remember("guidance", {"what": "move", "text": order.note})
        await desk.write(REVIEWED, {"decision": "move"}, side=side)
        await desk.write("referral.guided_ended", {"decision": "transfer"}, side=side)
        asked = [offer.facility_id for offer in desk.facts().offers if offer.live]
        await tell(desk, "referral.guided_ended", asked, {"decision": "transfer"})
    return desk.case_id


async def end_guidance(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: EndGuidance
) -> CaseId:
    """Rescued where she is: the case closes with its outcome."""
    async with at_desk(session, clock, viewer, case_id, order) as desk:
        case = desk.rows.referral
        side = desk.move_case(ReferralAction.END_GUIDANCE)
        case.guided_ended_at = case.ended_at = desk.at
        case.outcome = order.outcome
        if side is Side.ORIGIN:  # its own words
            case.feedback_read_at = desk.at
        desk.rest(case)
        desk.remember("guidance", {"what": "end", "text": order.feedback})
        desk.remember("ending", ending_text(order.diagnosis, order.feedback))
        await desk.write(REVIEWED, {"decision": "end"}, side=side)
        await desk.write("referral.guided_ended", {"decision": "end"}, side=side)
        await desk.write("referral.closed", {"outcome": order.outcome, "in_place": True})
        if order.outcome in DEATHS:
            await open_review(desk, "newborn" if case.subject == "newborn" else "mother")
        await let_go(desk, "rescued_in_place")
        await free_holds(desk, "rescued_in_place")
        await duty.stop(session, clock, desk.case_id, None, "rescued_in_place")
        await _tell_lead(desk, "referral.closed")
    return desk.case_id


def ending_text(diagnosis: str, feedback: str) -> dict[str, str | None]:
    """What goes back to the sender."""
    return {"diagnosis": diagnosis, "feedback": feedback}
