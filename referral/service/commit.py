"""The sender takes a yes; everybody else is withdrawn and must say that they know."""

from collections.abc import Callable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import service as duty
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import CaseId, FacilityId, new_id
from kernel.viewer import Viewer
from referral.commands.on_case import Commit
from referral.errors import NewbornHalfMissing, NotAccepted, OfferUnknown
from referral.models import BloodOrderRow, HoldRow, LegRow, OfferRow
from referral.service.ask import tell
from referral.service.desk import Desk, at_desk
from referral.states import (
    ASKED,
    HoldAction,
    HoldState,
    LegAction,
    LegState,
    OfferAction,
    OfferState,
    ReferralAction,
    ReferralState,
)
from registry.facilities import queries as facilities


async def take_up(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: Commit
) -> CaseId:
    """Take an accepted offer (8) and plan the journey.

    Raises:
        NotAccepted: that unit has not said yes.
        NewbornHalfMissing: no unit has promised a cot, and nobody says why she travels without.
        OfferUnknown: no such offer on this case, or one for a cot alone.
    """
    async with at_desk(session, clock, viewer, case_id, order) as desk:
        case = desk.rows.referral
        switching = case.state == ReferralState.COMMITTED
        side = desk.move_case(ReferralAction.COMMIT)
        chosen = await accepted_offer(desk, order.offer_id)
        half = _newborn_half(desk, chosen, order)
        case.receiver_id = chosen.facility_id  # a committed case always has one
        case.committed_at = desk.at
        await let_go_others(desk, chosen, "chosen_other")
        chosen.purpose = "transfer"
        desk.rest(case)
        facts = {"offer_id": chosen.id, "facility_id": chosen.facility_id}
        said = {**facts, "switched": switching, "newborn_half": half}
        await desk.write("referral.committed", said, side=side)
        leg = await _plan(desk, chosen)
        desk.due(leg, "depart")
        await tell(desk, "referral.committed", [chosen.facility_id], facts)
    return desk.case_id


def _newborn_half(desk: Desk, chosen: OfferRow, order: Commit) -> str:
    """Where her newborn goes: nobody needs to, here, elsewhere, or overridden by a person."""
    facts = desk.facts()
    if not facts.needs_neonatal:
        return "not_needed"
    if chosen.neonatal == "accepted":
        return "here"
    if facts.accepted("neonatal") is not None:
        return "elsewhere"
    if not order.newborn_override:
        raise NewbornHalfMissing()
    override = {"offer_id": str(chosen.id), "newborn_override": order.newborn_override}
    desk.remember("decision", override)
    return "overridden"


async def accepted_offer(desk: Desk, offer_id: UUID) -> OfferRow:
    """An offer of this case that said yes to her."""
    try:
        offer = desk.offer(offer_id)
    except NotFound as error:
        raise OfferUnknown() from error
    if offer.purpose == "neonatal":
        raise OfferUnknown()
    if offer.state != OfferState.ACCEPTED:
        place = await facilities.get_many(desk.session, [FacilityId(offer.facility_id)])
        named = place.get(FacilityId(offer.facility_id))
        raise NotAccepted(facility=named.short_name if named else "")
    return offer


async def _plan(desk: Desk, offer: OfferRow) -> LegRow:
    """The journey: a new leg, or the one planned before with another end."""
    waiting = (LegState.PLANNED, LegState.READY)
    leg = next((leg for leg in desk.rows.legs if leg.state in waiting), None)
    if leg is None:
        leg = LegRow(
            id=new_id(),
            case_id=desk.case_id,
            offer_id=offer.id,
            destination_id=offer.facility_id,
            state=LegState.PLANNED,
            mode="ambulance",
            planned_at=desk.at,
        )
        desk.session.add(leg)
        desk.rows.legs.append(leg)
    else:
        desk.move_leg(leg, LegAction.REPLAN)
        leg.offer_id, leg.destination_id = offer.id, offer.facility_id
    facts = {"leg_id": leg.id, "offer_id": offer.id, "facility_id": offer.facility_id}
    await desk.write("leg.planned", facts)
    return leg


async def let_go_others(desk: Desk, chosen: OfferRow, reason: str) -> None:
    """Withdraw every open answer but `chosen`'s and the cot's that is kept for her newborn.

    While no cot is promised, houses that are still asked for one stay asked.
    """
    here = chosen.neonatal in ("accepted", "not_needed")
    cot = None if here else desk.facts().accepted("neonatal")
    kept = {chosen.id} if cot is None else {chosen.id, cot.id}
    settled = here or cot is not None
    await let_go(
        desk,
        reason,
        lambda offer: offer.id not in kept and (settled or offer.purpose != "neonatal"),
    )


async def let_go(
    desk: Desk, reason: str, which: Callable[[OfferRow], bool] = lambda _: True
) -> None:
    """Withdraw open offers, free what was held for them, stop their ringing, tell them.

    They stay on the receiver's screen until the receiver says that it knows.
    """
    open_states = {*ASKED, OfferState.ACCEPTED, OfferState.EXPIRED}
    gone = [offer for offer in desk.rows.offers if offer.state in open_states and which(offer)]
    for offer in gone:
        desk.move_offer(offer, OfferAction.WITHDRAW, system=True)
        offer.withdrawn_at, offer.withdrawn_reason = desk.at, reason
        desk.due(offer, "withdrawal")
        facts = {"offer_id": offer.id, "facility_id": offer.facility_id, "reason": reason}
        await desk.write("offer.withdrawn", facts)
        await free_holds(desk, reason, offer.id)
        await duty.stop(
            desk.session, desk.clock, desk.case_id, FacilityId(offer.facility_id), reason
        )
        await tell(desk, "offer.withdrawn", [offer.facility_id], facts)
    await desk.session.flush()  # the loser leaves the one-accepted index before the winner enters


async def free_holds(desk: Desk, reason: str, offer_id: UUID | None = None) -> None:
    """Release what is asked for or kept, for one offer or for the whole case."""
    kept = (HoldState.REQUESTED, HoldState.HELD)
    for hold in desk.rows.holds:
        if hold.state in kept and offer_id in (None, hold.offer_id):
            desk.move_hold(hold, HoldAction.RELEASE, system=True)
            desk.rest(hold)
            await _call_off_blood(desk, hold)
            await desk.write("hold.released", {"hold_id": hold.id, "reason": reason})


async def _call_off_blood(desk: Desk, hold: HoldRow) -> None:
    """Blood that nobody has issued is not issued for a case that is over."""
    if hold.kind != "blood":
        return
    found = select(BloodOrderRow).where(
        BloodOrderRow.hold_id == hold.id,
        BloodOrderRow.issued_at.is_(None),
        BloodOrderRow.cancelled_at.is_(None),
    )
    row = (await desk.session.execute(found)).scalar_one_or_none()
    if row is not None:
        row.cancelled_at, row.cancelled_by = desk.at, desk.viewer.person_id
        await desk.write("blood.cancelled", {"order_id": row.id, "by_bank": False})
        await tell(desk, "blood.cancelled", [row.facility_id], {"order_id": row.id})
