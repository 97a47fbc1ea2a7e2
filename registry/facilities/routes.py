"""HTTP for the organisation tree."""

from litestar import Router, get
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import ANY, OPT
from kernel.clock import Clock
from registry.facilities import queries
from registry.facilities.rules import FacilityRole, Tier
from registry.facilities.schemas import FacilityOut, RegionOut


@get("/regions", opt={OPT: ANY})
async def regions(session: AsyncSession) -> list[RegionOut]:
    """The region tree, by code."""
    return await queries.regions(session)


@get("/facilities", opt={OPT: ANY})
async def facilities(
    session: AsyncSession, clock: Clock, tier: Tier | None = None, role: FacilityRole | None = None
) -> list[FacilityOut]:
    """Facilities with the roles they hold today and their desks' phones."""
    return await queries.facilities(session, clock.now(), tier=tier, role=role)


router = Router("/", route_handlers=[regions, facilities], tags=["places"])
