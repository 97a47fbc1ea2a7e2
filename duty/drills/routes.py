"""Drills over HTTP."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from litestar.params import Parameter
from sqlalchemy.ext.asyncio import AsyncSession

from duty.drills import queries, service
from duty.drills.schemas import DrillIn, DrillOut, ExcuseIn, LeagueRow, ScheduleIn, ScheduleOut
from kernel.access import OPT, roles
from kernel.clock import Clock
from kernel.idempotency import once
from kernel.ids import PersonId
from kernel.viewer import CLINICAL_ROLES, Role, Viewer

_SEES = roles(*CLINICAL_ROLES, Role.COMMISSION, Role.MEDICAL_AFFAIRS)
_PLANS = roles(Role.COORDINATOR)
_LEADS = roles(Role.COORDINATOR, Role.MEDICAL_AFFAIRS)


@get("/duty/drills", opt={OPT: _SEES})
async def list_drills(session: AsyncSession, facility_id: UUID | None = None) -> list[DrillOut]:
    """Drills that I may see, newest first."""
    return await queries.newest(session, facility_id)


@get("/duty/drills/league", opt={OPT: _SEES})
async def league(
    session: AsyncSession,
    clock: Clock,
    months: Annotated[int, Parameter(ge=1, le=24)] = 6,
) -> list[LeagueRow]:
    """Houses and groups by month: how many answered, how fast."""
    return await queries.league(session, clock.now() - timedelta(days=31 * months))


@get("/duty/drills/schedules", opt={OPT: _SEES})
async def list_schedules(session: AsyncSession) -> list[ScheduleOut]:
    """Standing plans; the moments are nobody's to know."""
    return await queries.schedules(session)


@get("/duty/drills/{drill_id:uuid}", opt={OPT: _SEES})
async def one_drill(session: AsyncSession, drill_id: UUID) -> DrillOut:
    """One drill: who answered, how fast, over which channel, and who did not."""
    return await queries.drill(session, drill_id)


@post("/duty/drills", opt={OPT: _LEADS})
async def start_drill(
    session: AsyncSession,
    viewer: Viewer,
    clock: Clock,
    data: DrillIn,
    idempotency_key: str | None,
) -> DrillOut:
    """Ring everybody on call there, now, as a drill."""

    async def work() -> DrillOut:
        return await queries.drill(session, await service.ask(session, clock, viewer, data))

    return await once(session, viewer, idempotency_key, "drill", data, DrillOut, work)


@post("/duty/drills/{drill_id:uuid}/excuses/{person_id:uuid}", opt={OPT: _LEADS}, status_code=200)
async def excuse(
    session: AsyncSession,
    viewer: Viewer,
    clock: Clock,
    drill_id: UUID,
    person_id: UUID,
    data: ExcuseIn,
) -> DrillOut:
    """Somebody could not answer: it counts as answered, declined. Repeats change nothing."""
    await service.excuse(session, clock, viewer, drill_id, PersonId(person_id), data)
    return await queries.drill(session, drill_id)


@post("/duty/drills/schedules", opt={OPT: _PLANS})
async def plan(
    session: AsyncSession,
    viewer: Viewer,
    clock: Clock,
    data: ScheduleIn,
    idempotency_key: str | None,
) -> ScheduleOut:
    """Drill a region's houses every month at moments nobody knows."""

    async def work() -> ScheduleOut:
        made = await service.plan(session, clock, viewer, data)
        return await queries.schedule(session, made)

    return await once(session, viewer, idempotency_key, "drill_plan", data, ScheduleOut, work)


@post("/duty/drills/schedules/{schedule_id:uuid}/end", opt={OPT: _PLANS}, status_code=204)
async def end_plan(session: AsyncSession, clock: Clock, schedule_id: UUID) -> None:
    """Plan no further drills in that region."""
    await service.end_plan(session, clock, schedule_id)


router = Router(
    "/",
    route_handlers=[
        list_drills,
        league,
        list_schedules,
        one_drill,
        start_drill,
        excuse,
        plan,
        end_plan,
    ],
    tags=["duty"],
)
