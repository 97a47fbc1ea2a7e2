"""Beds, cots, theatres and blood kept for somebody on the way."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.errors import BadInput, NotFound
from kernel.ids import CaseId, new_id
from kernel.viewer import Viewer
from referral.commands.fields import Act
from referral.commands.on_case import RequestHold
from referral.commands.on_hold import Extend, Grant, Release, Use
from referral.errors import HoldInPast, OfferUnknown
from referral.models import HoldRow
from referral.repository import CaseRepository
from referral.service.ask import tell
from referral.service.desk import Desk, at_desk
from referral.states import HoldAction, HoldState, OfferState, ReferralAction

GONE = (OfferState.DECLINED, OfferState.REDIRECTED, OfferState.WITHDRAWN)
"""Nobody there would see that something is to be kept; a late yes is still a yes."""


async def request_hold(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: RequestHold
) -> CaseId:
    """Ask a receiver to keep something.

    Raises:
        OfferUnknown: that receiver is not asked on this case, or not any more.
    """
    async with at_desk(session, clock, viewer, case_id, order) as desk:
        side = desk.move_case(ReferralAction.REQUEST_HOLD)
        try:
            offer = desk.offer(order.offer_id)
        except NotFound as error:
            raise OfferUnknown() from error
        if offer.state in GONE:
            raise OfferUnknown()
        row = HoldRow(
            id=new_id(),
            case_id=desk.case_id,
            offer_id=offer.id,
            facility_id=offer.facility_id,
            kind=order.kind,
            state=HoldState.REQUESTED,
            note=order.note,
            requested_at=desk.at,
        )
        desk.due(row, "hold_request")
        session.add(row)
        facts = {"hold_id": row.id, "offer_id": offer.id, "kind": order.kind}
        await desk.write("hold.requested", facts, side=side)
        await tell(desk, "hold.requested", [offer.facility_id], facts)
    return desk.case_id


@asynccontextmanager
async def _on_hold(
    session: AsyncSession, clock: Clock, viewer: Viewer, hold_id: UUID, order: Act
) -> AsyncIterator[tuple[Desk, HoldRow]]:
    case_id = await CaseRepository(session, viewer).case_of(HoldRow, hold_id)
    async with at_desk(session, clock, viewer, case_id, order) as desk:
        yield desk, desk.hold(hold_id)


def _keep(desk: Desk, row: HoldRow, until: datetime) -> None:
    if until.tzinfo is None:
        raise BadInput(field="until", reason="缺少时区 / has no time zone")
    if until <= desk.moment.entered_at:
        raise HoldInPast()
    row.expires_at = until
    row.due_at, row.due_kind = until, "hold"


async def grant(
    session: AsyncSession, clock: Clock, viewer: Viewer, hold_id: UUID, order: Grant
) -> CaseId:
    """Keep it until then.

    Raises:
        HoldInPast: then is not after now.
    """
    async with _on_hold(session, clock, viewer, hold_id, order) as (desk, row):
        side = desk.move_hold(row, HoldAction.GRANT)
        _keep(desk, row, order.until)
        row.label = order.label or row.label
        facts = {"hold_id": row.id, "kind": row.kind, "until": row.expires_at}
        await desk.write("hold.held", facts, side=side)
        await tell(desk, "hold.held", [desk.rows.referral.origin_id], facts)
    return desk.case_id


async def extend(
    session: AsyncSession, clock: Clock, viewer: Viewer, hold_id: UUID, order: Extend
) -> CaseId:
    """Keep it longer."""
    async with _on_hold(session, clock, viewer, hold_id, order) as (desk, row):
        side = desk.move_hold(row, HoldAction.EXTEND)
        _keep(desk, row, order.until)
        facts = {"hold_id": row.id, "kind": row.kind, "until": row.expires_at}
        await desk.write("hold.held", facts, side=side)
    return desk.case_id


async def use(
    session: AsyncSession, clock: Clock, viewer: Viewer, hold_id: UUID, order: Use
) -> CaseId:
    """She has it now."""
    async with _on_hold(session, clock, viewer, hold_id, order) as (desk, row):
        side = desk.move_hold(row, HoldAction.USE)
        desk.rest(row)
        await desk.write("hold.used", {"hold_id": row.id}, side=side)
    return desk.case_id


async def release(
    session: AsyncSession, clock: Clock, viewer: Viewer, hold_id: UUID, order: Release
) -> CaseId:
    """Free again (or not to be had)."""
    async with _on_hold(session, clock, viewer, hold_id, order) as (desk, row):
        side = desk.move_hold(row, HoldAction.RELEASE)
        desk.rest(row)
        row.note = order.reason or row.note
        facts = {"hold_id": row.id, "reason": "by_receiver"}
        await desk.write("hold.released", facts, side=side)
        await tell(desk, "hold.released", [desk.rows.referral.origin_id], facts)
    return desk.case_id
