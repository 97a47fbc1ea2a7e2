"""HTTP for observations."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from litestar.params import Parameter, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import ANY, OPT, Access, roles
from kernel.clock import Clock
from kernel.errors import BadInput
from kernel.idempotency import once
from kernel.ids import CaseId, NewbornId, PregnancyId
from kernel.viewer import Role, Viewer
from registry.observations import queries, service
from registry.observations.moments import CLOCK_SLACK, checked_moments
from registry.observations.schemas import (
    CatalogueOut,
    NewObservations,
    NewVoid,
    Recorded,
    Series,
    TryReadings,
)
from registry.observations.warning import queries as warning
from registry.observations.warning.schemas import RulesetOut, Warnings

TREATING: Access = roles(
    Role.REFERRING_CLINICIAN, Role.EXPERT, Role.COORDINATOR, Role.DUTY_DESK, Role.CREW
)
YEARS = range(2000, 2200)
SPAN = timedelta(days=7)
"""So far back a series goes if nobody says."""


@get("/observation-catalogue", opt={OPT: ANY})
async def get_catalogue() -> CatalogueOut:
    """What can be observed, with units and ranges."""
    return queries.catalogue()


@post("/pregnancies/{pregnancy_id:uuid}/observations", opt={OPT: TREATING})
async def record(
    pregnancy_id: UUID,
    data: NewObservations,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    idempotency_key: str | None,
) -> Recorded:
    """Record readings, several at once: all of them or none."""
    hers = PregnancyId(pregnancy_id)

    async def work() -> Recorded:
        done = await service.record(
            session,
            clock,
            viewer,
            pregnancy_id=hers,
            entries=data.entries,
            taken_at=data.taken_at,
            case_id=None if data.case_id is None else CaseId(data.case_id),
            newborn_id=None if data.newborn_id is None else NewbornId(data.newborn_id),
            drill=data.drill,
        )
        latest = await queries.latest(session, viewer, hers, drill=data.drill)
        return Recorded([row.id for row in done.rows], list(latest.values()), list(done.newly))

    operation = f"record_observations/{pregnancy_id}"
    return await once(session, viewer, idempotency_key, operation, data, Recorded, work)


@get("/pregnancies/{pregnancy_id:uuid}/observations", opt={OPT: TREATING})
async def series(
    pregnancy_id: UUID,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    codes: Annotated[str | None, Parameter(max_length=800)] = None,
    begin: Annotated[datetime | None, QueryParameter(name="from")] = None,
    end: Annotated[datetime | None, QueryParameter(name="to")] = None,
    drill: bool = False,
) -> Series:
    """Readings of a span (default: seven days); `codes` separated by commas."""
    hers = PregnancyId(pregnancy_id)
    wanted = None if codes is None else frozenset(codes.split(","))
    until = _aware(end, "to") or clock.now() + CLOCK_SLACK
    since = _aware(begin, "from") or until - SPAN
    found = await queries.series(session, viewer, hers, wanted, since, until, drill=drill)
    latest = await queries.latest(session, viewer, hers, wanted, drill=drill)
    return Series(since, until, found, list(latest.values()))


def _aware(moment: datetime | None, field: str) -> datetime | None:
    if moment is None:
        return None
    if moment.tzinfo is None or moment.year not in YEARS:
        raise BadInput(field=field, reason="缺少时区或年份有误 / no time zone, or no such year")
    return moment.astimezone(UTC)


@post(
    "/pregnancies/{pregnancy_id:uuid}/observations/{observation_id:uuid}/void",
    opt={OPT: TREATING},
)
async def void(
    pregnancy_id: UUID,
    observation_id: UUID,
    data: NewVoid,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    idempotency_key: str | None,
) -> Recorded:
    """Mark a reading as entered in error; it stays readable and counts nowhere."""
    hers = PregnancyId(pregnancy_id)

    async def work() -> Recorded:
        await service.void(session, clock, viewer, hers, observation_id, data)
        latest = await queries.latest(session, viewer, hers)
        return Recorded([observation_id], list(latest.values()))

    operation = f"void_observation/{observation_id}"
    return await once(session, viewer, idempotency_key, operation, data, Recorded, work)


@get("/pregnancies/{pregnancy_id:uuid}/warnings", opt={OPT: TREATING})
async def warnings(
    pregnancy_id: UUID, session: AsyncSession, clock: Clock, viewer: Viewer, drill: bool = False
) -> Warnings:
    """What each early-warning tool says now, by which readings, and what it lacks."""
    hers = PregnancyId(pregnancy_id)
    return await warning.warnings(session, viewer, hers, clock.now(), drill=drill)


@get("/warning-rulesets", opt={OPT: ANY})
async def rulesets() -> list[RulesetOut]:
    """The early-warning tools with their thresholds, sources and confidence."""
    return warning.rulesets()


@post("/warning-rulesets/try", opt={OPT: ANY}, status_code=200, sync_to_thread=False)
def try_out(data: TryReadings, clock: Clock) -> Warnings:
    """What every tool says of made-up readings of a mother; nothing is stored."""
    now = clock.now()
    return warning.try_out(checked_moments(data.entries, now, now, "mother"), now)


router = Router(
    "/",
    route_handlers=[get_catalogue, record, series, void, warnings, rulesets, try_out],
    tags=["observations"],
)
