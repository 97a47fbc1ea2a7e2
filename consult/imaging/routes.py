"""HTTP for scans. One file is one request, so that what is in already survives a cut line."""

import struct
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import Parameter
from sqlalchemy.ext.asyncio import AsyncSession

from consult.imaging import looking, queries, settling, taking, unpacking
from consult.imaging.archive import Archive
from consult.imaging.commands import ConfirmScan, WithdrawScan
from consult.imaging.dicomweb.routes import HANDLERS as DICOMWEB
from consult.imaging.intake import Intake, gathered
from consult.imaging.parse import Box
from consult.imaging.parse.limits import FILE_BYTES
from consult.imaging.readmodel import ScanStudy, TakenArchive, TakenScan
from consult.imaging.receiving.routes import HANDLERS as RECEIVING
from consult.imaging.taking import Desk
from kernel.access import CLINICAL, OPT
from kernel.clock import Clock
from kernel.database import Database
from kernel.handing import to_save
from kernel.idempotency import once
from kernel.sealing import Sealer
from kernel.viewer import Viewer

CONTENT: Final = frozenset({"application/dicom", "application/octet-stream"})
ZIP: Final = frozenset({"application/zip", "application/octet-stream"})
MOST_FRAMES: Final = 64
_SEALED: Final = {"cache-control": "no-store", "x-content-type-options": "nosniff"}

Frame = Annotated[int, Parameter(ge=0, le=1_000_000)]
Side = Annotated[int, Parameter(ge=0, le=4096)]


class SettledScan(msgspec.Struct, frozen=True):
    """What an idempotency key remembers."""

    study_id: UUID


async def provide_desk(
    database: Database, clock: Clock, sealer: Sealer, archive: Archive, box: Box
) -> Desk:
    """What scans are taken in with."""
    return Desk(database, clock, sealer, archive, box)


@get("/cases/{case_id:uuid}/scans", opt={OPT: CLINICAL})
async def list_scans(
    case_id: UUID, session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer
) -> list[ScanStudy]:
    """Everything that was scanned of the case's woman."""
    return await queries.scans_of_case(session, clock, viewer, sealer, case_id)


@post(
    "/cases/{case_id:uuid}/scans",
    opt={OPT: CLINICAL, "content": CONTENT, "streamed": True},
    request_max_body_size=FILE_BYTES + 1,
)
async def bring_scan(
    case_id: UUID,
    request: Request[Any, Any, Any],
    desk: Desk,
    intake: Intake,
    viewer: Viewer,
    deidentify: bool = False,
) -> TakenScan:
    """Keep one DICOM file, the request's body; the same file again is the same instance."""
    with intake.room(viewer.person_id, _size(request)):
        instance_id, new = await taking.take(
            desk, viewer, case_id, _body(request), deidentify=deidentify
        )
    async with desk.database.session(viewer) as session:
        study_id = await queries.study_of(session, viewer, instance_id)
        study = await queries.scan_study(session, desk.clock, viewer, desk.sealer, study_id)
    return TakenScan(outcome="kept" if new else "known", instance_id=instance_id, study=study)


@post(
    "/cases/{case_id:uuid}/scans/archive",
    opt={OPT: CLINICAL, "content": ZIP, "streamed": True},
    request_max_body_size=FILE_BYTES + 1,
)
async def bring_archive(
    case_id: UUID,
    request: Request[Any, Any, Any],
    desk: Desk,
    intake: Intake,
    viewer: Viewer,
    deidentify: bool = False,
) -> TakenArchive:
    """Keep the DICOM files of a zip, the request's body; what cannot be kept says why."""
    with intake.room(viewer.person_id, _size(request)):
        files = await unpacking.take_archive(
            desk, viewer, case_id, _body(request), deidentify=deidentify
        )
    async with desk.database.session(viewer) as session:
        studies = await queries.scans_of_case(session, desk.clock, viewer, desk.sealer, case_id)
    return TakenArchive(files=files, studies=studies)


def _size(request: Request[Any, Any, Any]) -> int:
    """What the body's size is said to be, or the most that it may be."""
    said = request.headers.get("content-length", "")
    return int(said) if said.isascii() and said.isdigit() else FILE_BYTES


def _body(request: Request[Any, Any, Any]) -> Callable[[], Awaitable[bytes]]:
    async def read() -> bytes:
        return await gathered(request.stream(), FILE_BYTES)

    return read


@post("/scans/{study_id:uuid}/confirm", opt={OPT: CLINICAL})
async def confirm_scan(
    study_id: UUID,
    data: ConfirmScan,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    idempotency_key: str | None,
) -> ScanStudy:
    """The names were compared: the study is hers."""
    return await _once(
        session, clock, viewer, sealer, idempotency_key, f"confirm_scan/{study_id}", data,
        lambda: settling.confirm(session, clock, viewer, study_id),
    )  # fmt: skip


@post("/scans/{study_id:uuid}/withdraw", opt={OPT: CLINICAL})
async def withdraw_scan(
    study_id: UUID,
    data: WithdrawScan,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    idempotency_key: str | None,
) -> ScanStudy:
    """The study does not belong here; it stays on record and is no longer shown."""
    return await _once(
        session, clock, viewer, sealer, idempotency_key, f"withdraw_scan/{study_id}", data,
        lambda: settling.withdraw(session, clock, viewer, study_id, data.reason),
    )  # fmt: skip


@get("/scans/instances/{instance_id:uuid}/frames", opt={OPT: CLINICAL})
async def scan_frames(
    instance_id: UUID,
    desk: Desk,
    viewer: Viewer,
    first: Frame = 0,
    count: Annotated[int, Parameter(ge=1, le=MOST_FRAMES)] = 1,
) -> Response[bytes]:
    """Frames from `first` (0 is the first) on, as many of `count` as fit.

    Each is a PNG behind its length, four bytes little-endian; `ScanInstance` says what a pixel is.
    """
    pictures = await looking.frames(desk, viewer, instance_id, first, count)
    body = b"".join(struct.pack("<I", len(png)) + png for png in pictures)
    return Response(body, media_type="application/octet-stream", headers=_SEALED)


@get("/scans/instances/{instance_id:uuid}/frames/{frame:int}/rendered", opt={OPT: CLINICAL})
async def rendered_scan(
    instance_id: UUID, frame: int, desk: Desk, viewer: Viewer, most: Side = 0
) -> Response[bytes]:
    """One frame (0 is the first) as a plain PNG in its own window; `most` pixels a side."""
    png = await looking.rendered(desk, viewer, instance_id, frame, most)
    return Response(png, media_type="image/png", headers=_SEALED)


@get("/scans/instances/{instance_id:uuid}/content", opt={OPT: CLINICAL})
async def scan_content(instance_id: UUID, desk: Desk, viewer: Viewer) -> Response[bytes]:
    """The file as it is kept, as a download named by its hash."""
    row, content = await looking.original(desk, viewer, instance_id)
    name = f"{row.sha256.hex()[:16]}.dcm"
    return Response(content, media_type="application/dicom", headers=to_save(name))


async def _once(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    key: str | None,
    operation: str,
    body: object,
    work: Callable[[], Awaitable[UUID]],
) -> ScanStudy:
    async def answer() -> SettledScan:
        return SettledScan(await work())

    done = await once(session, viewer, key, operation, body, SettledScan, answer)
    await session.flush()  # the view reads what the command wrote
    return await queries.scan_study(session, clock, viewer, sealer, done.study_id)


router = Router(
    "/",
    route_handlers=[
        list_scans, bring_scan, bring_archive, confirm_scan, withdraw_scan, scan_frames,
        rendered_scan, scan_content, *RECEIVING,
        *DICOMWEB,
    ],
    dependencies={"desk": provide_desk},
    tags=["scans"],
)  # fmt: skip
