"""HTTP of machines that send scans, and of what they sent."""

from uuid import UUID

import msgspec
from litestar import get, post
from sqlalchemy.ext.asyncio import AsyncSession

from consult.imaging import queries as scans
from consult.imaging.readmodel import TakenArchive
from consult.imaging.receiving import bringing, machines, queries
from consult.imaging.receiving.schemas import (
    Arrival,
    BringArrival,
    DiscardArrival,
    DiscardedArrival,
    Machine,
    NewMachine,
    RevokeMachine,
)
from consult.imaging.taking import Desk
from kernel.access import CLINICAL, OPT, roles
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.idempotency import once
from kernel.sealing import Sealer
from kernel.viewer import CLINICAL_ROLES, Role, Viewer

LOOKS = roles(*CLINICAL_ROLES, Role.SYSTEM_ADMIN)
KEEPS = roles(Role.COORDINATOR, Role.SYSTEM_ADMIN)


class Made(msgspec.Struct, frozen=True):
    """What an idempotency key remembers."""

    id: UUID


@get("/scans/machines", opt={OPT: LOOKS})
async def list_machines(session: AsyncSession, viewer: Viewer) -> list[Machine]:
    """Machines of the viewer's houses that may send scans; all of them for the administrator."""
    return await machines.machines(session, viewer)


@post("/scans/machines", opt={OPT: KEEPS})
async def register_machine(
    data: NewMachine,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    idempotency_key: str | None,
) -> Machine:
    """Let a machine send scans; it is let in within two seconds."""

    async def work() -> Made:
        return Made(await machines.register(session, clock, viewer, data))

    made = await once(session, viewer, idempotency_key, "scans.machines", data, Made, work)
    return await _shown(session, viewer, made.id)


@post("/scans/machines/{machine_id:uuid}/revoke", opt={OPT: KEEPS}, status_code=200)
async def revoke_machine(
    machine_id: UUID,
    data: RevokeMachine,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    idempotency_key: str | None,
) -> Machine:
    """Let it send no more; what it sent stays."""

    async def work() -> Made:
        return Made(await machines.revoke(session, clock, viewer, machine_id))

    operation = f"scans.machines.revoke/{machine_id}"
    await once(session, viewer, idempotency_key, operation, data, Made, work)
    await session.flush()  # the view reads what the command wrote
    return await _shown(session, viewer, machine_id)


@get("/scans/arrivals", opt={OPT: CLINICAL})
async def list_arrivals(session: AsyncSession, viewer: Viewer, sealer: Sealer) -> list[Arrival]:
    """Examinations that machines of the viewer's houses sent and nobody brought to a case yet."""
    return await queries.arrivals(session, viewer, sealer)


@get("/cases/{case_id:uuid}/scans/arrivals", opt={OPT: CLINICAL})
async def arrivals_for_case(
    case_id: UUID, session: AsyncSession, viewer: Viewer, sealer: Sealer
) -> list[Arrival]:
    """The same beside the case's woman, the likeliest first."""
    return await queries.arrivals_for(session, viewer, sealer, case_id)


@post("/cases/{case_id:uuid}/scans/arrivals/{arrival_id:uuid}", opt={OPT: CLINICAL})
async def bring_arrival(
    case_id: UUID, arrival_id: UUID, data: BringArrival, desk: Desk, viewer: Viewer
) -> TakenArchive:
    """Take an examination into the case; asked again after a break it goes on where it was."""
    files = await bringing.bring(desk, viewer, case_id, arrival_id, deidentify=data.deidentify)
    async with desk.database.session(viewer) as session:
        studies = await scans.scans_of_case(session, desk.clock, viewer, desk.sealer, case_id)
    return TakenArchive(files=files, studies=studies)


@post("/scans/arrivals/{arrival_id:uuid}/discard", opt={OPT: CLINICAL}, status_code=200)
async def discard_arrival(
    arrival_id: UUID,
    data: DiscardArrival,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    idempotency_key: str | None,
) -> DiscardedArrival:
    """It belongs to no case here; it stays on record and is no longer shown."""

    async def work() -> DiscardedArrival:
        return DiscardedArrival(
            await bringing.discard(session, clock, viewer, arrival_id, data.reason)
        )

    operation = f"scans.arrivals.discard/{arrival_id}"
    return await once(session, viewer, idempotency_key, operation, data, DiscardedArrival, work)


async def _shown(session: AsyncSession, viewer: Viewer, machine_id: UUID) -> Machine:
    for one in await machines.machines(session, viewer):
        if one.id == machine_id:
            return one
    raise NotFound()


HANDLERS = [
    list_machines,
    register_machine,
    revoke_machine,
    list_arrivals,
    arrivals_for_case,
    bring_arrival,
    discard_arrival,
]
