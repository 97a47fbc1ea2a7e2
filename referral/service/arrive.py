"""At the door: arrival, the two-sided handover, and the two ways of not arriving."""

from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import service as duty
from kernel.clock import Clock
from kernel.ids import CaseId
from kernel.viewer import Viewer
from referral.aftermath.deadlines import Who
from referral.aftermath.service.reviews import open_review
from referral.commands.on_leg import Arrive, DieInTransit, Miss, SignHandover
from referral.errors import AlreadySigned, Incomplete
from referral.models import LegRow, SignatureRow
from referral.rules.allowed import open_signatures
from referral.service.ask import call_coordinator, tell
from referral.service.commit import free_holds, let_go
from referral.service.desk import Desk
from referral.service.observe import observe
from referral.service.travel import on_leg
from referral.states import (
    HoldAction,
    HoldState,
    LegAction,
    LegState,
    OfferState,
    ReferralAction,
    Side,
)


async def arrive(
    session: AsyncSession, clock: Clock, viewer: Viewer, leg_id: UUID, order: Arrive
) -> CaseId:
    """The receiver says that she is here (13); a position may suggest it, never decide it."""
    async with on_leg(session, clock, viewer, leg_id, order) as (desk, leg):
        side = desk.move_leg(leg, LegAction.ARRIVE)
        leg.arrived_at, leg.queried_at = desk.at, None
        desk.due(leg, "handover")
        facts = {"leg_id": leg.id, "facility_id": leg.destination_id}
        await desk.write("leg.arrived", facts, side=side)
        await tell(desk, "leg.arrived", [desk.rows.referral.origin_id], facts)
    return desk.case_id


async def sign_handover(
    session: AsyncSession, clock: Clock, viewer: Viewer, leg_id: UUID, order: SignHandover
) -> CaseId:
    """One side signs condition, drugs, blood and documents; the second signature hands over (14).

    Raises:
        AlreadySigned: this side has signed.
        Incomplete: a coordinator did not say for which side.
    """
    async with on_leg(session, clock, viewer, leg_id, order) as (desk, leg):
        side = desk.move_leg(leg, LegAction.SIGN_HANDOVER)
        half = _half(desk, leg, side, order)
        content = msgspec.to_builtins(order)
        for spare in ("version", "event_at", "late_reason", "for_side"):
            content.pop(spare)
        row = SignatureRow(
            leg_id=leg.id,
            side=str(half),
            case_id=desk.case_id,
            person_id=viewer.person_id,
            facility_id=viewer.facility_id,
            on_behalf=side is Side.COORDINATOR,
            signed_at=desk.at,
            content=content,
        )
        session.add(row)
        desk.rows.signatures.append(row)
        await observe(desk, order.vitals)
        facts = {"leg_id": leg.id, "signed_for": str(half), "on_behalf": row.on_behalf}
        await desk.write("leg.handover_signed", facts, side=side)
        if {s.side for s in desk.rows.signatures if s.leg_id == leg.id} == {"origin", "receiver"}:
            await _hand_over(desk, leg)
    return desk.case_id


def _half(desk: Desk, leg: LegRow, side: Side, order: SignHandover) -> Side:
    fact = next(item for item in desk.facts().legs if item.id == leg.id)
    if side is Side.COORDINATOR:
        if order.for_side is None:
            raise Incomplete(missing="for_side")
        half = Side(order.for_side)
    else:
        half = Side.RECEIVER if side is Side.RECEIVER else Side.ORIGIN
    if half not in open_signatures(fact, side):
        raise AlreadySigned(side=str(half))
    return half


async def _hand_over(desk: Desk, leg: LegRow) -> None:
    """Both have signed: she is in the receiver's care, and everything else about her is settled."""
    desk.move_leg(leg, LegAction.HAND_OVER, system=True)
    desk.move_case(ReferralAction.HAND_OVER, system=True)
    leg.handed_over_at = desk.at
    desk.rest(leg)
    for hold in desk.rows.holds:
        if hold.state == HoldState.HELD and hold.facility_id == leg.destination_id:
            desk.move_hold(hold, HoldAction.USE, system=True)
            desk.rest(hold)
            await desk.write("hold.used", {"hold_id": hold.id})
    await let_go(desk, "handed_over", lambda offer: offer.id != leg.offer_id)
    await free_holds(desk, "handed_over")
    desk.due(desk.rows.referral, "outcome")
    facts = {"leg_id": leg.id, "facility_id": leg.destination_id}
    await desk.write("leg.handed_over", facts)
    await duty.stop(desk.session, desk.clock, desk.case_id, None, "handed_over")
    await tell(desk, "leg.handed_over", [desk.rows.referral.origin_id], facts)


async def miss(
    session: AsyncSession, clock: Clock, viewer: Viewer, leg_id: UUID, order: Miss
) -> CaseId:
    """She has not come (13)."""
    async with on_leg(session, clock, viewer, leg_id, order) as (desk, leg):
        side = desk.move_leg(leg, LegAction.MISS)
        desk.remember("transit", {"what": "not_arrived", "note": order.note}, leg_id=leg.id)
        await missed(desk, leg, side)
    return desk.case_id


async def missed(desk: Desk, leg: LegRow, side: Side) -> None:
    """Record it, alarm both ends, and page the coordinator, who owns it from here."""
    desk.rest(leg)
    leg.queried_at = None
    facts = {"leg_id": leg.id, "facility_id": leg.destination_id}
    await desk.write("leg.not_arrived", facts, side=side, auto=side is Side.SYSTEM)
    both = [desk.rows.referral.origin_id, leg.destination_id]
    await tell(desk, "leg.not_arrived", both, facts)
    await call_coordinator(desk, "leg.not_arrived", f"not-arrived:{leg.id}:{leg.eta}")


async def die_in_transit(
    session: AsyncSession, clock: Clock, viewer: Viewer, leg_id: UUID, order: DieInTransit
) -> CaseId:
    """She died on the road (18): leg and case end together, a review opens."""
    async with on_leg(session, clock, viewer, leg_id, order) as (desk, leg):
        side = desk.move_leg(leg, LegAction.DIE)
        desk.move_case(ReferralAction.DIE, system=False)
        desk.rest(leg)
        desk.remember("ending", _death(order), leg_id=leg.id)
        await desk.write("leg.died_in_transit", {"leg_id": leg.id}, side=side)
        await settle_death(desk, side)
    return desk.case_id


def _death(order: DieInTransit) -> dict[str, str | None]:
    return {"place": order.place, "certifier": order.certifier, "note": order.note}


async def settle_death(desk: Desk, side: Side) -> None:
    """The timeline is frozen, everybody is told, a review is opened."""
    case = desk.rows.referral
    case.ended_at = desk.at
    if case.guided_since is not None and case.guided_ended_at is None:
        case.guided_ended_at = desk.at
        await desk.write("referral.guided_review", {"decision": "died"}, side=side)
    desk.rest(case)
    for leg in desk.rows.legs:
        desk.rest(leg)
    who = whose_death(case.subject)
    await desk.write("referral.died", {"who": who, "review": True}, side=side)
    await open_review(desk, who)
    receivers = [offer.facility_id for offer in desk.facts().offers if offer.live]
    here = any(leg.state == LegState.HANDED_OVER for leg in desk.rows.legs)
    # The house she died in knows; it is not told that she will not come.
    await let_go(desk, "died", lambda offer: not (here and offer.state == OfferState.ACCEPTED))
    await free_holds(desk, "died")
    await duty.stop(desk.session, desk.clock, desk.case_id, None, "died")
    await tell(desk, "referral.died", [case.origin_id, *receivers], {"who": who})


def whose_death(subject: str) -> Who:
    """Who died when the one being transferred did."""
    return "newborn" if subject == "newborn" else "mother"
