"""Where she could go: who is on the way where already."""

from litestar import get
from litestar.handlers import BaseRouteHandler
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import OPT, Access, roles
from kernel.clock import Clock
from kernel.viewer import Role
from referral.queries import load
from referral.readmodel.load import Loads

LOOKING: Access = roles(
    Role.REFERRING_CLINICIAN,
    Role.EXPERT,
    Role.COORDINATOR,
    Role.DUTY_DESK,
    Role.CREW,
    Role.COMMISSION,
    Role.SYSTEM_ADMIN,
)


@get("/load", opt={OPT: LOOKING})
async def loads(session: AsyncSession, clock: Clock) -> Loads:
    """Per house: asked, accepted, committed, on the road, and what is held for them."""
    return await load.loads(session, clock)


HANDLERS: list[BaseRouteHandler] = [loads]
