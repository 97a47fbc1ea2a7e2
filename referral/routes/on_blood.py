"""HTTP for blood orders."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import CLINICAL, OPT
from kernel.clock import Clock
from kernel.idempotency import once
from kernel.viewer import Viewer
from referral.commands.on_blood import (
    ArriveBlood,
    CancelBlood,
    DepartBlood,
    IssueBlood,
    RequestBlood,
)
from referral.queries import blood as orders
from referral.readmodel.blood import BloodOrders
from referral.routes.asked import TREATING, WATCHING, Asked, provide_asked
from referral.service import blood

ASKED = {"asked": Provide(provide_asked)}


class OrderMade(msgspec.Struct, frozen=True):
    """The order that was written."""

    order_id: UUID


async def _do(
    asked: Asked,
    command: Callable[..., Awaitable[UUID]],
    target: UUID,
    data: msgspec.Struct,
) -> OrderMade:
    async def work() -> OrderMade:
        return OrderMade(await command(asked.session, asked.clock, asked.viewer, target, data))

    operation = f"{command.__module__}.{command.__name__}/{target}"
    return await once(asked.session, asked.viewer, asked.key, operation, data, OrderMade, work)


@get("/referrals/{case_id:uuid}/blood", opt={OPT: WATCHING})
async def of_case(
    case_id: UUID, session: AsyncSession, clock: Clock, viewer: Viewer
) -> BloodOrders:
    """Blood asked for on one case, newest first."""
    return await orders.of_case(session, clock, viewer, case_id)


@post("/referrals/{case_id:uuid}/blood", opt={OPT: TREATING}, dependencies=ASKED)
async def request_blood(case_id: UUID, data: RequestBlood, asked: Asked) -> OrderMade:
    """Ask a blood station or a hospital's bank; the milestone is recorded by itself."""
    return await _do(asked, blood.request_blood, case_id, data)


@get("/blood/orders", opt={OPT: CLINICAL})
async def of_bank(session: AsyncSession, clock: Clock, viewer: Viewer) -> BloodOrders:
    """What is asked of the viewer's own bank, the waiting first; case numbers, no names."""
    return await orders.of_bank(session, clock, viewer)


@post("/blood/orders/{order_id:uuid}/actions/issue", opt={OPT: CLINICAL}, dependencies=ASKED)
async def issue(order_id: UUID, data: IssueBlood, asked: Asked) -> OrderMade:
    """The bank gives it out; the stock goes down."""
    return await _do(asked, blood.issue, order_id, data)


@post("/blood/orders/{order_id:uuid}/actions/depart", opt={OPT: TREATING}, dependencies=ASKED)
async def depart(order_id: UUID, data: DepartBlood, asked: Asked) -> OrderMade:
    """It is on its way."""
    return await _do(asked, blood.depart, order_id, data)


@post("/blood/orders/{order_id:uuid}/actions/arrive", opt={OPT: TREATING}, dependencies=ASKED)
async def arrive(order_id: UUID, data: ArriveBlood, asked: Asked) -> OrderMade:
    """It is at the bedside."""
    return await _do(asked, blood.arrive, order_id, data)


@post("/blood/orders/{order_id:uuid}/actions/cancel", opt={OPT: TREATING}, dependencies=ASKED)
async def cancel(order_id: UUID, data: CancelBlood, asked: Asked) -> OrderMade:
    """Not needed, or not to be had."""
    return await _do(asked, blood.cancel, order_id, data)


HANDLERS: list[BaseRouteHandler] = [
    of_case,
    request_blood,
    of_bank,
    issue,
    depart,
    arrive,
    cancel,
]
