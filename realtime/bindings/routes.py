"""HTTP of bindings: whose tracing it is, who said so before, and whose a wristband is."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from litestar import get, post
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import CLINICAL, OPT
from kernel.clock import Clock
from kernel.idempotency import once
from kernel.ids import CaseId, PregnancyId, RecordingId
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from realtime import queries
from realtime.bindings import service
from realtime.bindings.schemas import (
    BindIn,
    BindingOut,
    UnbindIn,
    WristbandIn,
    WristbandOf,
    WristbandOut,
    binding_out,
)
from realtime.schemas import RecordingDetail, detail_out


@post("/recordings/{recording_id:uuid}/bind", opt={OPT: CLINICAL}, status_code=200)
async def bind_recording(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    recording_id: UUID,
    data: BindIn,
    idempotency_key: str | None,
) -> RecordingDetail:
    """Say whose tracing it is; refused when somebody has bound it since `version`."""

    async def work() -> None:
        await service.bind(
            session,
            clock,
            viewer,
            RecordingId(recording_id),
            pregnancy_id=PregnancyId(data.pregnancy_id),
            case_id=None if data.case_id is None else CaseId(data.case_id),
            version=data.version,
            means=data.means,
            reason=data.reason,
            labels=data.labels,
        )

    return await _once(session, clock, viewer, recording_id, (idempotency_key, "bind", data), work)


@post("/recordings/{recording_id:uuid}/unbind", opt={OPT: CLINICAL}, status_code=200)
async def unbind_recording(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    recording_id: UUID,
    data: UnbindIn,
    idempotency_key: str | None,
) -> RecordingDetail:
    """Take a binding back, with a reason; the tracing is kept as an unbound one."""

    async def work() -> None:
        await service.unbind(
            session,
            clock,
            viewer,
            RecordingId(recording_id),
            version=data.version,
            reason=data.reason,
        )

    key = (idempotency_key, "unbind", data)
    return await _once(session, clock, viewer, recording_id, key, work)


async def _once(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    recording_id: UUID,
    key: tuple[str | None, str, object],
    work: Callable[[], Awaitable[None]],
) -> RecordingDetail:
    async def make() -> RecordingDetail:
        await work()
        found = await queries.get_recording(session, viewer, RecordingId(recording_id))
        return detail_out(clock.now(), viewer, found)

    operation = f"ctg.{key[1]} {recording_id}"
    return await once(session, viewer, key[0], operation, key[2], RecordingDetail, make)


@get("/recordings/{recording_id:uuid}/bindings", opt={OPT: CLINICAL})
async def list_bindings(
    session: AsyncSession, viewer: Viewer, recording_id: UUID
) -> list[BindingOut]:
    """Everything that was ever said about whose tracing it is, newest first."""
    found = await queries.list_bindings(session, viewer, RecordingId(recording_id))
    return [binding_out(one) for one in found]


@post("/wristbands/find", opt={OPT: CLINICAL}, status_code=200)
async def find_wristband(
    session: AsyncSession, viewer: Viewer, sealer: Sealer, data: WristbandIn
) -> WristbandOut:
    """Whose wristband it is. A POST, because a code never stands in an address."""
    return WristbandOut(await service.find_wristband(session, viewer, sealer, data.code))


@post("/wristbands", opt={OPT: CLINICAL})
async def give_wristband(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    data: WristbandOf,
    idempotency_key: str | None,
) -> WristbandOut:
    """From now on this wristband is hers; later scans find her without typing."""

    async def work() -> WristbandOut:
        hers = PregnancyId(data.pregnancy_id)
        await service.give_wristband(session, clock, viewer, sealer, data.code, hers)
        return WristbandOut(hers)

    return await once(session, viewer, idempotency_key, "ctg.wristbands", data, WristbandOut, work)


HANDLERS = [
    bind_recording,
    unbind_recording,
    list_bindings,
    find_wristband,
    give_wristband,
]
