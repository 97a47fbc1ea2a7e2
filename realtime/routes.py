"""HTTP of the CTG path: recordings and ranges of them; live data come by the gateway."""

from uuid import UUID

from litestar import Response, Router, get
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import CLINICAL, OPT
from kernel.clock import Clock
from kernel.ids import CaseId, PregnancyId, RecordingId
from kernel.viewer import Viewer
from realtime import queries
from realtime.bindings import routes as bindings
from realtime.devices import routes as devices
from realtime.schemas import RecordingDetail, RecordingOut, detail_out, recording_out

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


router = Router(
    "/ctg",
    route_handlers=[
        list_recordings,
        get_recording,
        get_frames,
        *bindings.HANDLERS,
        *devices.HANDLERS,
    ],
    tags=["ctg"],
)
