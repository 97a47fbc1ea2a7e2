"""Between departure and arrival: where she is, and where else she might go."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.ids import CaseId
from kernel.viewer import Viewer
from referral.commands.on_leg import AnswerQuery
from referral.errors import Incomplete, WrongMoment, WrongSide
from referral.links.commands import AskDivert, DelayEntry, Near
from referral.models import LegRow
from referral.rules.facts import sides
from referral.service.ask import call_coordinator, tell
from referral.service.desk import Desk
from referral.service.travel import expect, note_transit, on_leg
from referral.states import EN_ROUTE, LegAction, LegState, Side

_ON_BOARD = (Side.ORIGIN, Side.CREW, Side.COORDINATOR)
_ANSWERS = {"not_here": (Side.RECEIVER, Side.COORDINATOR), "delayed": _ON_BOARD}


def _side(desk: Desk, leg: LegRow, action: str, allowed: tuple[Side, ...]) -> Side:
    """As which of the `allowed` sides the viewer speaks; these steps move no state."""
    mine = sides(desk.facts(), desk.view, frozenset({leg.destination_id}))
    side = next((side for side in allowed if side in mine), None)
    if side is None:
        raise WrongSide(action=action, sides="/".join(str(side) for side in allowed))
    return side


def _travelling(leg: LegRow, action: str, *also: LegState) -> None:
    if leg.state not in (*EN_ROUTE, *also):
        raise WrongMoment(machine="leg", action=action)


async def answer_query(
    session: AsyncSession, clock: Clock, viewer: Viewer, leg_id: UUID, order: AnswerQuery
) -> CaseId:
    """Answer "where is she?" (13): the receiver says not here, those on board say until when.

    A new expected arrival starts the arrival clock anew; "not here" lets it run on to the alarm.

    Raises:
        Incomplete: delayed, and no new expected arrival.
        WrongSide: only the receiver knows whether she is here, only the senders when she will be.
    """
    async with on_leg(session, clock, viewer, leg_id, order) as (desk, leg):
        side = _side(desk, leg, "answer_query", _ANSWERS[order.answer])
        _travelling(leg, "answer_query", LegState.NOT_ARRIVED)
        if order.answer == "delayed":
            if order.eta is None:
                raise Incomplete(missing="eta")
            if leg.state == LegState.NOT_ARRIVED:
                desk.move_leg(leg, LegAction.RESUME)
            expect(desk, leg, order.eta)
        leg.queried_at = None
        note_transit(desk, leg, f"query_{order.answer}", order.reason, None)
        facts = {"leg_id": leg.id, "answer": order.answer, "eta": leg.eta}
        await desk.write("leg.query_answered", facts, side=side)
        other = desk.rows.referral.origin_id if side is Side.RECEIVER else leg.destination_id
        await tell(desk, "leg.query_answered", [other], facts)
    return desk.case_id


async def delay(
    session: AsyncSession, clock: Clock, viewer: Viewer, leg_id: UUID, order: DelayEntry
) -> CaseId:
    """Those on board say of their own accord that they will be later."""
    said = AnswerQuery(
        version=order.version,
        event_at=order.event_at,
        late_reason=order.late_reason,
        answer="delayed",
        reason=order.reason,
        eta=order.eta,
    )
    return await answer_query(session, clock, viewer, leg_id, said)


async def ask_divert(
    session: AsyncSession, clock: Clock, viewer: Viewer, leg_id: UUID, order: AskDivert
) -> CaseId:
    """Those on board ask for another destination: the coordinator finds a unit that says yes."""
    async with on_leg(session, clock, viewer, leg_id, order) as (desk, leg):
        side = _side(desk, leg, "ask_divert", _ON_BOARD)
        _travelling(leg, "ask_divert")
        note_transit(desk, leg, "divert_requested", order.reason, None)
        facts = {"leg_id": leg.id, "facility_id": order.facility_id}
        await desk.write("leg.divert_requested", facts, side=side)
        await tell(desk, "leg.divert_requested", [leg.destination_id], facts)
        key = f"divert:{leg.id}:{desk.rows.referral.version}"
        await call_coordinator(desk, "leg.divert_requested", key)
    return desk.case_id


async def say_near(
    session: AsyncSession, clock: Clock, viewer: Viewer, leg_id: UUID, order: Near
) -> CaseId:
    """The crew stands at the door: the receiver is asked whether she is here."""
    async with on_leg(session, clock, viewer, leg_id, order) as (desk, leg):
        side = _side(desk, leg, "near", _ON_BOARD)
        _travelling(leg, "near")
        await mark_near(desk, leg, side, auto=False)
    return desk.case_id


async def mark_near(desk: Desk, leg: LegRow, side: Side, *, auto: bool) -> None:
    """Suggest the arrival to the receiver; only the receiver records it."""
    leg.near_at = desk.at
    facts = {"leg_id": leg.id, "facility_id": leg.destination_id}
    await desk.write("leg.near", facts, side=side, auto=auto)
    await tell(desk, "leg.near", [leg.destination_id], facts)
