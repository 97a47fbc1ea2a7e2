"""Beds, cots, theatres, blood."""

from uuid import UUID

from litestar import post
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler

from kernel.access import OPT
from referral.commands.on_hold import Extend, Grant, Release, Use
from referral.readmodel.whole import Referral
from referral.routes.asked import TREATING, Asked, provide_asked
from referral.service import hold

ASKED = {"asked": Provide(provide_asked)}


@post("/holds/{hold_id:uuid}/actions/grant", opt={OPT: TREATING}, dependencies=ASKED)
async def grant(hold_id: UUID, data: Grant, asked: Asked) -> Referral:
    """We keep it until then."""
    return await asked.do(hold.grant, hold_id, data)


@post("/holds/{hold_id:uuid}/actions/extend", opt={OPT: TREATING}, dependencies=ASKED)
async def extend(hold_id: UUID, data: Extend, asked: Asked) -> Referral:
    """We keep it longer."""
    return await asked.do(hold.extend, hold_id, data)


@post("/holds/{hold_id:uuid}/actions/use", opt={OPT: TREATING}, dependencies=ASKED)
async def use(hold_id: UUID, data: Use, asked: Asked) -> Referral:
    """She has it."""
    return await asked.do(hold.use, hold_id, data)


@post("/holds/{hold_id:uuid}/actions/release", opt={OPT: TREATING}, dependencies=ASKED)
async def release(hold_id: UUID, data: Release, asked: Asked) -> Referral:
    """Free again."""
    return await asked.do(hold.release, hold_id, data)


HANDLERS: list[BaseRouteHandler] = [
    grant,
    extend,
    use,
    release,
]
