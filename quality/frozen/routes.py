"""Frozen periods over HTTP: the list, closing one, what changed since."""

from uuid import UUID

from litestar import get, post
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import OPT, roles
from kernel.clock import Clock
from kernel.idempotency import once
from kernel.viewer import Role, Viewer
from quality.frozen import queries, service
from quality.frozen.schemas import FreezePeriod, FrozenPeriods, PeriodDifference, PeriodFrozenOut
from quality.parameters import Late
from quality.readers import NUMBERS

CLOSING = roles(Role.COMMISSION)


@get("/quality/periods", opt={OPT: NUMBERS})
async def get_periods(session: AsyncSession) -> FrozenPeriods:
    """Closed periods, the latest first."""
    return await queries.closed(session)


@post("/quality/periods", opt={OPT: CLOSING})
async def freeze_period(
    session: AsyncSession,
    viewer: Viewer,
    clock: Clock,
    data: FreezePeriod,
    idempotency_key: str | None,
) -> PeriodFrozenOut:
    """Close a period of a region: its figures stay, what is entered later shows as a difference."""

    async def work() -> PeriodFrozenOut:
        return await service.freeze(session, clock, viewer, data)

    return await once(
        session, viewer, idempotency_key, "quality.freeze", data, PeriodFrozenOut, work
    )


@get("/quality/periods/{period_id:uuid}/difference", opt={OPT: NUMBERS})
async def get_period_difference(
    session: AsyncSession,
    period_id: UUID,
    late: Late = "with",
    region_id: UUID | None = None,
    facility_id: UUID | None = None,
) -> PeriodDifference:
    """What was entered since a period was closed, indicator by indicator, case by case."""
    return await queries.difference(session, period_id, late, region_id, facility_id)


ROUTES = [get_periods, freeze_period, get_period_difference]
