"""HTTP of the CTG path: find recordings, bind them, fetch ranges. Live data come by the gateway."""

from uuid import UUID

from litestar import Response, Router, get, post
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import CLINICAL, OPT, roles
from kernel.clock import Clock
from kernel.idempotency import once
from kernel.ids import CaseId, PregnancyId, RecordingId
from kernel.viewer import CLINICAL_ROLES, Role, Viewer
from realtime import queries, service
from realtime.schemas import (
    BindIn,
    DeviceOut,
    RecordingDetail,
    RecordingOut,
    detail_out,
    device_out,
    recording_out,
)

DEVICES = roles(*CLINICAL_ROLES, Role.SYSTEM_ADMIN)
NEXT_SEQ = "Yunshang-Next-Seq"
"""Header of a page of frames: where the next page begins; absent on the last one."""


@get("/recordings", opt={OPT: CLINICAL})
async def list_recordings(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    unbound: bool | None = None,
    live: bool | None = None,
    pregnancy_id: UUID | None = None,
    case_id: UUID | None = None,
) -> list[RecordingOut]:
    """The newest 200 recordings open to the viewer that fit every filter."""
    rows = await queries.list_recordings(
        session,
        viewer,
        unbound=unbound,
        live=live,
        pregnancy_id=None if pregnancy_id is None else PregnancyId(pregnancy_id),
        case_id=None if case_id is None else CaseId(case_id),
    )
    at = clock.now()
    return [recording_out(at, viewer, row) for row in rows]


@get("/recordings/{recording_id:uuid}", opt={OPT: CLINICAL})
async def get_recording(
    session: AsyncSession, clock: Clock, viewer: Viewer, recording_id: UUID
) -> RecordingDetail:
    """One recording with its recorded gaps."""
    found = await queries.get_recording(session, viewer, RecordingId(recording_id))
    return detail_out(clock.now(), viewer, found)


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
    recording = RecordingId(recording_id)

    async def work() -> RecordingDetail:
        await service.bind(
            session,
            clock,
            viewer,
            recording,
            pregnancy_id=PregnancyId(data.pregnancy_id),
            case_id=None if data.case_id is None else CaseId(data.case_id),
            version=data.version,
        )
        found = await queries.get_recording(session, viewer, recording)
        return detail_out(clock.now(), viewer, found)

    operation = f"ctg.bind {recording_id}"
    return await once(session, viewer, idempotency_key, operation, data, RecordingDetail, work)


@get("/recordings/{recording_id:uuid}/frames", opt={OPT: CLINICAL})
async def get_frames(
    session: AsyncSession,
    viewer: Viewer,
    recording_id: UUID,
    from_seq: int = 1,
    to_seq: int | None = None,
) -> Response[bytes]:
    """Stored 80-byte frames in order, exactly as received; at most 3600 a page."""
    page, following = await queries.read_frames(
        session, viewer, RecordingId(recording_id), from_seq, to_seq
    )
    headers = {"cache-control": "no-store"}
    if following:
        headers[NEXT_SEQ] = str(following)
    return Response(page, media_type="application/octet-stream", headers=headers)


@get("/devices", opt={OPT: DEVICES})
async def list_devices(session: AsyncSession, viewer: Viewer) -> list[DeviceOut]:
    """Monitors and agents of the viewer's facilities."""
    return [device_out(device) for device in await queries.list_devices(session, viewer)]


router = Router(
    "/ctg",
    route_handlers=[list_recordings, get_recording, bind_recording, get_frames, list_devices],
    tags=["ctg"],
)
