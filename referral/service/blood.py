"""Blood: asked for, issued, on its way, at the bedside. Each step is a milestone; no form twice.

The order's hold moves with it: asked for, kept (issued), used (arrived), released (cancelled).
Whoever issues is no party to the case: the database lets the bank in for that transaction only.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.ids import FacilityId, new_id
from kernel.viewer import Viewer
from referral.commands.fields import Act
from referral.commands.on_blood import (
    ArriveBlood,
    BloodAct,
    CancelBlood,
    DepartBlood,
    IssueBlood,
    RequestBlood,
)
from referral.errors import DestinationUnknown, WrongMoment, WrongSide
from referral.models import BloodOrderRow, HoldRow
from referral.queries import blood as orders
from referral.service.ask import call_coordinator, tell
from referral.service.complete import must_treat
from referral.service.desk import Desk, at_desk
from referral.states import LIVE_REFERRAL, HoldAction, HoldState, ReferralState
from registry.facilities import queries as facilities
from registry.resources import service as resources
from registry.resources.errors import KindUnknown
from registry.resources.rules import CATALOGUE

_ENTER = text("SELECT bank_enters_case(:order)")
_LEAVE = text("SELECT bank_leaves_case(:order)")


def _act(order: BloodAct | CancelBlood) -> Act:
    if isinstance(order, CancelBlood):
        return Act(version=0)
    return Act(version=0, event_at=order.event_at, late_reason=order.late_reason)


def _group(product: str, abo: str | None, rh: str | None) -> str:
    subkey = f"{abo or ''}{rh or ''}"
    if not CATALOGUE.known(product, subkey):
        raise KindUnknown(kind=f"{product} {subkey}".strip())
    return subkey


async def request_blood(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: RequestBlood
) -> UUID:
    """Ask a bank for blood; the clock runs from here.

    Raises:
        DestinationUnknown: there is no such bank.
        KindUnknown: no such product, or a group is missing.
        WrongSide: the viewer treats her on neither side.
        WrongMoment: the case is not sent, or over.
    """
    async with at_desk(session, clock, viewer, case_id, _act(order), check_version=False) as desk:
        must_treat(desk, "request_blood")
        state = desk.rows.referral.state
        if state not in LIVE_REFERRAL or state == ReferralState.DRAFT:
            raise WrongMoment(machine="referral", action="request_blood")
        bank = FacilityId(order.facility_id)
        if not await facilities.get_many(session, [bank]):
            raise DestinationUnknown(facility_id=str(bank))
        subkey = _group(order.product, order.abo, order.rh)
        hold = _hold(desk, bank, subkey, order.units)
        await session.flush()  # the order refers to its hold
        row = _row(desk, hold, order, subkey)
        session.add(row)
        await desk.write("hold.requested", {"hold_id": hold.id, "kind": "blood"})
        await desk.write("milestone.blood_requested", _facts(row))
        await tell(desk, "blood.requested", [bank], _facts(row))
    return row.id


def _hold(desk: Desk, bank: UUID, subkey: str, units: int) -> HoldRow:
    row = HoldRow(
        id=new_id(),
        case_id=desk.case_id,
        facility_id=bank,
        kind="blood",
        quantity=units,
        state=HoldState.REQUESTED,
        label=subkey or None,
        requested_at=desk.at,
    )
    desk.due(row, "hold_request")
    desk.session.add(row)
    desk.rows.holds.append(row)
    return row


def _row(desk: Desk, hold: HoldRow, order: RequestBlood, subkey: str) -> BloodOrderRow:
    case, facts = desk.rows.referral, desk.facts()
    here = UUID(str(desk.viewer.facility_id))
    treating = {facts.origin_id, *facts.receivers}
    return BloodOrderRow(
        id=new_id(),
        case_id=case.id,
        case_number=case.number,
        drill=case.drill,
        hold_id=hold.id,
        facility_id=hold.facility_id,
        bedside_id=here if here in treating else case.origin_id,
        product=order.product,
        subkey=subkey,
        units=order.units,
        urgency=order.urgency,
        requested_at=desk.at,
        requested_by=desk.viewer.person_id,
        note=order.note,
    )


def _facts(row: BloodOrderRow) -> dict[str, object]:
    """What the chain says of an order: codes only."""
    return {
        "order_id": row.id,
        "bank_facility": row.facility_id,
        "bedside_facility": row.bedside_id,
        "product": row.product,
        "group": row.issued_subkey or row.subkey,
        "units": row.issued_units or row.units,
        "urgency": row.urgency,
    }


@asynccontextmanager
async def _on_order(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    order_id: UUID,
    order: BloodAct | CancelBlood,
) -> AsyncIterator[tuple[Desk, BloodOrderRow]]:
    """The desk of the order's case, and the order; the bank is let in and out again."""
    row = await orders.get(session, viewer, order_id)
    entered = (await session.execute(_ENTER, {"order": order_id})).scalar_one()
    act = _act(order)
    async with at_desk(session, clock, viewer, row.case_id, act, check_version=False) as desk:
        await session.refresh(row)  # the case is locked now: nobody else moves its orders
        yield desk, row
    if entered:
        await session.execute(_LEAVE, {"order": order_id})


def _at_bank(desk: Desk, row: BloodOrderRow, action: str) -> None:
    if FacilityId(row.facility_id) not in desk.viewer.facility_ids:
        raise WrongSide(action=action, sides="blood_bank")


async def issue(
    session: AsyncSession, clock: Clock, viewer: Viewer, order_id: UUID, order: IssueBlood
) -> UUID:
    """The bank gives it out: the stock goes down, the hold is kept, the sender is told.

    Raises:
        WrongSide: not the bank's people.
        WrongMoment: issued or cancelled before.
        StockTooSmall: less is there than is given out.
    """
    async with _on_order(session, clock, viewer, order_id, order) as (desk, row):
        _at_bank(desk, row, "issue_blood")
        if row.issued_at is not None or row.cancelled_at is not None:
            raise WrongMoment(machine="blood_order", action="issue")
        given = order.abo is not None or order.rh is not None
        subkey = _group(row.product, order.abo, order.rh) if given else row.subkey
        units = order.units or row.units
        await resources.take_from_stock(
            session,
            clock,
            viewer,
            facility_id=row.facility_id,
            kind=row.product,
            subkey=subkey,
            units=units,
        )
        row.issued_at, row.issued_by = desk.at, viewer.person_id
        row.issued_units, row.issued_subkey = units, subkey
        hold = desk.hold(row.hold_id)
        side = desk.move_hold(hold, HoldAction.GRANT)
        hold.quantity, hold.label = units, subkey or None
        desk.due(hold, "blood_on_the_way")
        hold.expires_at = hold.due_at
        held = {"hold_id": hold.id, "kind": "blood", "until": hold.expires_at}
        await desk.write("hold.held", held, side=side)
        await desk.write("milestone.blood_issued", _facts(row))
        await tell(
            desk, "blood.issued", [row.bedside_id, desk.rows.referral.origin_id], _facts(row)
        )
    return row.id


async def depart(
    session: AsyncSession, clock: Clock, viewer: Viewer, order_id: UUID, order: DepartBlood
) -> UUID:
    """It has left the bank.

    Raises:
        WrongMoment: not issued, or past that.
    """
    async with _on_order(session, clock, viewer, order_id, order) as (desk, row):
        if orders.state_of(row) != "issued":
            raise WrongMoment(machine="blood_order", action="depart")
        row.departed_at, row.departed_by = desk.at, viewer.person_id
        await desk.write("blood.departed", _facts(row))
        await tell(desk, "blood.departed", [row.bedside_id], _facts(row))
    return row.id


async def arrive(
    session: AsyncSession, clock: Clock, viewer: Viewer, order_id: UUID, order: ArriveBlood
) -> UUID:
    """It is at the bedside, says whoever treats her.

    Raises:
        WrongSide: somebody who does not treat her.
        WrongMoment: not issued, or arrived before.
    """
    async with _on_order(session, clock, viewer, order_id, order) as (desk, row):
        must_treat(desk, "arrive_blood")
        if orders.state_of(row) not in ("issued", "on_the_way"):
            raise WrongMoment(machine="blood_order", action="arrive")
        row.arrived_at, row.arrived_by = desk.at, viewer.person_id
        hold = desk.hold(row.hold_id)
        if hold.state == HoldState.HELD:
            desk.move_hold(hold, HoldAction.USE, system=True)
            desk.rest(hold)
            await desk.write("hold.used", {"hold_id": hold.id})
        await desk.write("milestone.blood_arrived", _facts(row))
        await tell(desk, "blood.arrived", [row.facility_id], _facts(row))
    return row.id


async def cancel(
    session: AsyncSession, clock: Clock, viewer: Viewer, order_id: UUID, order: CancelBlood
) -> UUID:
    """Not needed any more; or the bank has none, then the coordinator looks for it.

    Raises:
        WrongSide: neither the bank nor somebody who treats her.
        WrongMoment: it is issued, or cancelled before.
    """
    async with _on_order(session, clock, viewer, order_id, order) as (desk, row):
        bank = FacilityId(row.facility_id) in viewer.facility_ids
        if not bank:
            must_treat(desk, "cancel_blood")
        if orders.state_of(row) != "requested":
            raise WrongMoment(machine="blood_order", action="cancel")
        row.cancelled_at, row.cancelled_by = desk.at, viewer.person_id
        row.note = order.reason
        await _release(desk, row)
        said = {**_facts(row), "by_bank": bank}
        await desk.write("blood.cancelled", said)
        await tell(desk, "blood.cancelled", [row.facility_id, row.bedside_id], said)
        if bank:
            await call_coordinator(desk, "blood.refused", f"blood-refused:{row.id}")
    return row.id


async def _release(desk: Desk, row: BloodOrderRow) -> None:
    hold = desk.hold(row.hold_id)
    if hold.state in (HoldState.REQUESTED, HoldState.EXPIRED):
        desk.move_hold(hold, HoldAction.RELEASE, system=True)
        desk.rest(hold)
        await desk.write("hold.released", {"hold_id": hold.id, "reason": "blood_cancelled"})
