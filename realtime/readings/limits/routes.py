"""Time limits of readings over HTTP: the book of a house, and a new version."""

from uuid import UUID

from litestar import Router, get, post
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import OPT, roles
from kernel.clock import Clock
from kernel.idempotency import once
from kernel.ids import FacilityId
from kernel.viewer import CLINICAL_ROLES, Viewer
from realtime.alarms.rights import WRITERS
from realtime.readings.limits import queries, service
from realtime.readings.limits.schemas import (
    NewReadingLimits,
    ReadingLimitsBook,
    ReadingLimitsWritten,
)
from registry.facilities import queries as facilities


@get("/reading-limits", opt={OPT: roles(*CLINICAL_ROLES, *WRITERS)})
async def reading_limits_book(
    session: AsyncSession, viewer: Viewer, facility_id: UUID | None = None
) -> ReadingLimitsBook:
    """What a facility that reads is held to (default: the viewer's own), and every version."""
    house = FacilityId(facility_id or viewer.facility_id)
    await facilities.get(session, house)
    return await queries.of_facility(session, viewer, house)


@post("/reading-limits", opt={OPT: roles(*WRITERS)})
async def set_reading_limits(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    data: NewReadingLimits,
    idempotency_key: str | None,
) -> ReadingLimitsWritten:
    """A new version for my facility or a region I coordinate, inside the platform's bounds."""

    async def work() -> ReadingLimitsWritten:
        return ReadingLimitsWritten(await service.set_limits(session, clock, viewer, data))

    operation = "ctg.reading_limits.set"
    return await once(session, viewer, idempotency_key, operation, data, ReadingLimitsWritten, work)


router = Router(
    "/ctg", route_handlers=[reading_limits_book, set_reading_limits], tags=["ctg readings"]
)
