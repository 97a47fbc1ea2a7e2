"""The reachability board over HTTP."""

from litestar import Router, get
from sqlalchemy.ext.asyncio import AsyncSession

from duty.reachability import queries
from duty.reachability.schemas import ReachBoard
from kernel.access import OPT, roles
from kernel.clock import Clock
from kernel.viewer import CLINICAL_ROLES, Role, Viewer


@get("/duty/reachability", opt={OPT: roles(*CLINICAL_ROLES, Role.COMMISSION, Role.MEDICAL_AFFAIRS)})
async def reachability(session: AsyncSession, viewer: Viewer, clock: Clock) -> ReachBoard:
    """Who is on call now and in the next day, and who of them could not be reached."""
    return await queries.board(session, viewer, clock.now())


router = Router("/", route_handlers=[reachability], tags=["duty"])
