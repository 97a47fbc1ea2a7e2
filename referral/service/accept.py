"""Yes. One receiver wins, and every other one is told by whom."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import service as duty
from kernel.clock import Clock
from kernel.ids import CaseId, FacilityId, PersonId, new_id
from kernel.viewer import Viewer
from referral.commands.on_offer import Accept, AcceptAfterStabilising
from referral.errors import AlreadyAccepted, BedOrPlaceNeeded, NeonatalAnswerNeeded
from referral.models import HoldRow, OfferRow
from referral.repository import CaseRepository
from referral.rules.timers import TIMERS
from referral.service.answer import note_acknowledged
from referral.service.ask import ask_for_cots, tell
from referral.service.commit import let_go
from referral.service.desk import Desk, at_desk
from referral.states import ASKED, HoldState, OfferAction, OfferState, ReferralState
from registry.facilities import queries as facilities
from registry.people import queries as people

TAKEN = (ReferralState.COMMITTED, ReferralState.MOVING)
"""Her way is chosen already: a cot that comes late ends the search for others."""


async def accept(
    session: AsyncSession, clock: Clock, viewer: Viewer, offer_id: UUID, order: Accept
) -> CaseId:
    """Accept (5), with conditions if the order carries them.

    Raises:
        AlreadyAccepted: another receiver was first; says which one, by whom and when.
        NeonatalAnswerNeeded: a cot is needed and nobody said there is one.
        BedOrPlaceNeeded: neither bed, nor hold, nor place.
    """
    case_id = await CaseRepository(session, viewer).case_of(OfferRow, offer_id)
    # The loser of a race holds a stale version too; who won is the more useful answer.
    async with at_desk(session, clock, viewer, case_id, order, check_version=False) as desk:
        offer = desk.offer(offer_id)
        await _refuse_if_taken(desk, offer)
        desk.check_version(order.version)
        conditions = order.conditions if isinstance(order, AcceptAfterStabilising) else None
        action = OfferAction.ACCEPT_AFTER_STABILISING if conditions else OfferAction.ACCEPT
        side = desk.move_offer(offer, action)
        _settle_neonatal(offer, order)
        _settle_place(desk, offer, order)
        await note_acknowledged(desk, offer, side)
        offer.after_stabilising = conditions is not None
        offer.answered_at, offer.answered_by = desk.at, viewer.person_id
        offer.bed, offer.no_bed_accept_to = order.bed, order.no_bed_accept_to
        desk.rest(offer)
        if conditions or order.note:
            desk.remember(
                "decision",
                {"offer_id": str(offer.id), "conditions": conditions, "note": order.note},
            )
        facts = {
            "offer_id": offer.id,
            "facility_id": offer.facility_id,
            "after_stabilising": offer.after_stabilising,
            "neonatal": offer.neonatal,
        }
        await desk.write("offer.accepted", facts, side=side)
        await _hold_places(desk, offer, order)
        await _quieten(desk, offer)
        if offer.neonatal == "elsewhere":
            await ask_for_cots(desk, offer)
    return desk.case_id


async def accept_after_stabilising(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    offer_id: UUID,
    order: AcceptAfterStabilising,
) -> CaseId:
    """Accept with conditions (5): she comes once they are met."""
    return await accept(session, clock, viewer, offer_id, order)


async def _refuse_if_taken(desk: Desk, offer: OfferRow) -> None:
    taken = next(
        (
            other
            for other in desk.rows.offers
            if other.id != offer.id
            and other.state == OfferState.ACCEPTED
            and other.purpose == offer.purpose
        ),
        None,
    )
    if taken is None:
        return
    places = await facilities.get_many(desk.session, [FacilityId(taken.facility_id)])
    by = PersonId(taken.answered_by) if taken.answered_by else None
    names = await people.get_many(desk.session, [by]) if by else {}
    place = places.get(FacilityId(taken.facility_id))
    raise AlreadyAccepted(
        facility=place.short_name if place else "",
        facility_id=str(taken.facility_id),
        by=names[by].name if by in names else "",
        by_id=str(by or ""),
        at=taken.answered_at.isoformat() if taken.answered_at else "",
    )


def _settle_neonatal(offer: OfferRow, order: Accept) -> None:
    """Both halves in one answer: a cot here (it may have come free since), or one elsewhere."""
    if offer.neonatal not in ("awaited", "declined"):
        return
    if order.neonatal_accepted is None:
        raise NeonatalAnswerNeeded()
    offer.neonatal = "accepted" if order.neonatal_accepted else "elsewhere"


def _settle_place(desk: Desk, offer: OfferRow, order: Accept) -> None:
    held = any(
        hold.offer_id == offer.id and hold.state == HoldState.HELD for hold in desk.rows.holds
    )
    going_back = desk.rows.referral.direction == "back"
    if not (order.bed or order.no_bed_accept_to or held or going_back):
        raise BedOrPlaceNeeded()


async def _hold_places(desk: Desk, offer: OfferRow, order: Accept) -> None:
    case = desk.rows.referral
    newborn, cots = case.subject == "newborn", offer.purpose == "neonatal"
    wanted: list[tuple[str, str | None, int]] = []
    if cots:
        wanted.append(("neonatal_cot", order.bed, case.cots_needed))
    elif order.bed:
        wanted.append(("neonatal_cot" if newborn else "maternal_bed", order.bed, 1))
    if offer.neonatal == "accepted" and not newborn:
        wanted.append(("neonatal_cot", None, case.cots_needed))
    for kind, label, quantity in wanted:
        present = any(
            hold.offer_id == offer.id and hold.kind == kind and hold.state == HoldState.HELD
            for hold in desk.rows.holds
        )
        if not present:
            await hold_now(desk, offer, kind, label, quantity)


async def hold_now(
    desk: Desk, offer: OfferRow, kind: str, label: str | None, quantity: int = 1
) -> None:
    """Keep a place that the receiver just named."""
    now = desk.moment.entered_at
    row = HoldRow(
        id=new_id(),
        case_id=desk.case_id,
        offer_id=offer.id,
        facility_id=offer.facility_id,
        kind=kind,
        quantity=quantity,
        state=HoldState.HELD,
        label=label,
        requested_at=now,
        expires_at=now + TIMERS["hold"],
    )
    desk.due(row, "hold")
    desk.session.add(row)
    desk.rows.holds.append(row)
    facts = {
        "hold_id": row.id,
        "offer_id": offer.id,
        "kind": kind,
        "quantity": quantity,
        "until": row.expires_at,
    }
    await desk.write("hold.held", facts)


async def _quieten(desk: Desk, winner: OfferRow) -> None:
    """Others need not be rung any more; they are withdrawn when the sender commits."""
    if winner.purpose != "neonatal" or not desk.facts().newborn_half_missing:
        desk.due(desk.rows.referral, "commit")
    facts = {"offer_id": winner.id, "facility_id": winner.facility_id}
    for other in desk.rows.offers:
        if other.id != winner.id and other.state in ASKED and other.purpose == winner.purpose:
            desk.rest(other)
            await duty.stop(
                desk.session,
                desk.clock,
                desk.case_id,
                FacilityId(other.facility_id),
                "accepted_elsewhere",
            )
            await tell(desk, "offer.accepted_elsewhere", [other.facility_id], facts)
    if winner.purpose == "neonatal" and desk.rows.referral.state in TAKEN:
        await let_go(desk, "chosen_other", lambda o: o.id != winner.id and o.purpose == "neonatal")
    await tell(desk, "offer.accepted", [desk.rows.referral.origin_id], facts)
