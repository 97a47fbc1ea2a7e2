"""The calendar of obligations over HTTP: how every house of the viewer stands."""

from litestar import get
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import OPT, roles
from kernel.clock import Clock
from kernel.viewer import CLINICAL_ROLES, Role, Viewer
from quality.obligations import queries
from quality.obligations.schemas import ObligationBoard

READING = roles(*CLINICAL_ROLES, Role.COMMISSION, Role.MEDICAL_AFFAIRS)


@get("/quality/obligations", opt={OPT: READING})
async def get_obligations(session: AsyncSession, clock: Clock, viewer: Viewer) -> ObligationBoard:
    """What is owed by the calendar, due, late or done, of each house, with the calendar itself."""
    return await queries.board(session, clock, viewer)


ROUTES = [get_obligations]
