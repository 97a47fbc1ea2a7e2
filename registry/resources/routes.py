"""HTTP for what houses have."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, get, post
from litestar.params import Parameter
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import ANY, CLINICAL, OPT, Access, roles
from kernel.clock import Clock
from kernel.idempotency import once
from kernel.viewer import Role, Viewer
from registry.resources import queries, service
from registry.resources.schemas import (
    CapabilitySet,
    ConfirmCounts,
    Counted,
    CountHistory,
    CountReport,
    DeclaredDiversion,
    DeclareDiversion,
    EndDiversion,
    Houses,
    NewVehicle,
    ResourceCatalogue,
    SetCapability,
    Vehicle,
    VehicleReport,
)

LOOKING: Access = roles(
    Role.REFERRING_CLINICIAN,
    Role.EXPERT,
    Role.COORDINATOR,
    Role.DUTY_DESK,
    Role.CREW,
    Role.COMMISSION,
    Role.SYSTEM_ADMIN,
)
"""What a house has is nobody's identity: whoever treats, coordinates, watches or administers."""

DRIVING: Access = roles(
    Role.REFERRING_CLINICIAN, Role.EXPERT, Role.COORDINATOR, Role.DUTY_DESK, Role.CREW
)


class ResourceMade(msgspec.Struct, frozen=True):
    """The id of what was written."""

    id: UUID


async def _made(
    session: AsyncSession,
    viewer: Viewer,
    key: str | None,
    operation: str,
    body: object,
    command: Callable[[], Awaitable[UUID]],
) -> ResourceMade:
    async def work() -> ResourceMade:
        return ResourceMade(await command())

    return await once(session, viewer, key, operation, body, ResourceMade, work)


@get("/resources/catalogue", opt={OPT: ANY}, sync_to_thread=False)
def catalogue() -> ResourceCatalogue:
    """What is counted, and how long a count may be believed (待核实)."""
    return queries.catalogue()


@get("/resources", opt={OPT: LOOKING})
async def houses(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    facility_id: UUID | None = None,
    region_id: UUID | None = None,
) -> Houses:
    """The resource board: every value with who and when; what is too old is unknown."""
    return await queries.houses(
        session, clock, viewer, facility_id=facility_id, region_id=region_id
    )


@get("/resources/history", opt={OPT: LOOKING})
async def history(
    session: AsyncSession,
    viewer: Viewer,
    facility_id: UUID,
    kind: Annotated[str, Parameter(min_length=2, max_length=40)],
    subkey: Annotated[str, Parameter(max_length=20)] = "",
) -> list[CountHistory]:
    """Who said what when about one value, newest first."""
    return await queries.history(session, viewer, facility_id, kind, subkey)


@post("/resources/reports", opt={OPT: CLINICAL})
async def report(
    data: CountReport,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    idempotency_key: str | None,
) -> Counted:
    """A house counts what it has."""

    async def work() -> Counted:
        made = await service.report(session, clock, viewer, data)
        return Counted(facility_id=data.facility_id, report_ids=made)

    return await once(session, viewer, idempotency_key, "report_resources", data, Counted, work)


@post("/resources/confirmations", opt={OPT: CLINICAL})
async def confirm(
    data: ConfirmCounts,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    idempotency_key: str | None,
) -> Counted:
    """仍然正确: the counts named still hold."""

    async def work() -> Counted:
        made = await service.confirm(session, clock, viewer, data)
        return Counted(facility_id=data.facility_id, report_ids=made)

    return await once(session, viewer, idempotency_key, "confirm_resources", data, Counted, work)


@get("/resources/diversions", opt={OPT: LOOKING})
async def diversions(
    session: AsyncSession, clock: Clock, viewer: Viewer
) -> list[DeclaredDiversion]:
    """Declared diversions: those in force first, then those of the last seven days."""
    return await queries.diversions(session, clock, viewer)


@post("/resources/diversions", opt={OPT: CLINICAL})
async def declare(
    data: DeclareDiversion,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    idempotency_key: str | None,
) -> ResourceMade:
    """Declare a house closed to some, with reason and end."""
    return await _made(
        session,
        viewer,
        idempotency_key,
        "declare_diversion",
        data,
        lambda: service.declare(session, clock, viewer, data),
    )


@post("/resources/diversions/{diversion_id:uuid}/end", opt={OPT: CLINICAL})
async def end_diversion(
    diversion_id: UUID,
    data: EndDiversion,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    idempotency_key: str | None,
) -> ResourceMade:
    """Open again before the declared end."""
    return await _made(
        session,
        viewer,
        idempotency_key,
        f"end_diversion/{diversion_id}",
        data,
        lambda: service.end_diversion(session, clock, viewer, diversion_id),
    )


@get("/resources/vehicles", opt={OPT: LOOKING})
async def vehicles(
    session: AsyncSession, clock: Clock, viewer: Viewer, facility_id: UUID | None = None
) -> list[Vehicle]:
    """Ambulances and their crews."""
    return await queries.vehicles(session, clock, viewer, facility_id)


@post("/resources/vehicles", opt={OPT: CLINICAL})
async def add_vehicle(
    data: NewVehicle,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    idempotency_key: str | None,
) -> ResourceMade:
    """A vehicle joins a station or hospital."""
    return await _made(
        session,
        viewer,
        idempotency_key,
        "add_vehicle",
        data,
        lambda: service.add_vehicle(session, clock, viewer, data),
    )


@post("/resources/vehicles/{vehicle_id:uuid}/reports", opt={OPT: DRIVING})
async def report_vehicle(
    vehicle_id: UUID,
    data: VehicleReport,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    idempotency_key: str | None,
) -> ResourceMade:
    """Where a vehicle stands and who is aboard."""
    return await _made(
        session,
        viewer,
        idempotency_key,
        f"report_vehicle/{vehicle_id}",
        data,
        lambda: service.report_vehicle(session, clock, viewer, vehicle_id, data),
    )


@post("/resources/capabilities", opt={OPT: CLINICAL})
async def set_capability(
    data: SetCapability,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    idempotency_key: str | None,
) -> CapabilitySet:
    """A house can do something from today on, or cannot any more."""

    async def work() -> CapabilitySet:
        changed = await service.set_capability(session, clock, viewer, data)
        return CapabilitySet(facility_id=data.facility_id, changed=changed)

    return await once(session, viewer, idempotency_key, "set_capability", data, CapabilitySet, work)


router = Router(
    "/",
    route_handlers=[
        catalogue,
        houses,
        history,
        report,
        confirm,
        diversions,
        declare,
        end_diversion,
        vehicles,
        add_vehicle,
        report_vehicle,
        set_capability,
    ],
    tags=["resources"],
)
