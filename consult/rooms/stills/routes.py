"""Stills over HTTP: keep, look, draw, take back."""

from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from sqlalchemy.ext.asyncio import AsyncSession

from consult.rooms.stills import queries, service
from consult.rooms.stills.schemas import DrawMark, RoomStill, StillRef, StillSource
from kernel.access import CLINICAL, OPT
from kernel.blobs import BlobStore
from kernel.clock import Clock
from kernel.errors import BadInput
from kernel.idempotency import once
from kernel.viewer import Viewer

PNG = frozenset({"image/png"})


@post(
    "/rooms/{room_id:uuid}/stills",
    opt={OPT: CLINICAL, "content": PNG}, request_max_body_size=service.MOST_BYTES + 1,
)  # fmt: skip
async def take_still(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    blobs: BlobStore,
    room_id: UUID,
    request: Request[Any, Any, Any],
    source: StillSource,
    of: UUID,
    asked_by: UUID,
    taken_at: datetime,
    idempotency_key: str | None,
) -> RoomStill:
    """Keep a PNG, the request's body: a source of admission `of`, as it was at `taken_at`."""
    if taken_at.tzinfo is None:
        raise BadInput(field="taken_at", reason="缺少时区 / no time zone")
    content = await request.body()

    async def work() -> StillRef:
        still_id = await service.take(
            session, clock, viewer, blobs, room_id, content,
            source=source, of=of, asked_by=asked_by, taken_at=taken_at,
        )  # fmt: skip
        return StillRef(still_id)

    body = [room_id, source, of, asked_by, sha256(content).hexdigest()]
    done = await once(session, viewer, idempotency_key, "room.still", body, StillRef, work)
    return await queries.one(session, viewer, done.id)


@get("/consults/{consult_id:uuid}/stills", opt={OPT: CLINICAL})
async def list_stills(session: AsyncSession, viewer: Viewer, consult_id: UUID) -> list[RoomStill]:
    """The consultation's stills with what was drawn on them, the oldest first."""
    return await queries.of_consult(session, viewer, consult_id)


@get("/room-stills/{room_still_id:uuid}/picture", opt={OPT: CLINICAL}, media_type="image/png")
async def show_still(
    session: AsyncSession, blobs: BlobStore, room_still_id: UUID
) -> Response[bytes]:
    """The picture as it was kept; marks are data beside it."""
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
    content = await queries.picture(session, blobs, room_still_id)
    return Response(content, media_type="image/png", headers=headers)


@post("/room-stills/{room_still_id:uuid}/marks", opt={OPT: CLINICAL})
async def draw_mark(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    room_still_id: UUID,
    data: DrawMark,
    idempotency_key: str | None,
) -> RoomStill:
    """Draw on a still: everybody in the room is shown it."""

    async def work() -> StillRef:
        return StillRef(await service.draw(session, clock, viewer, room_still_id, data))

    body = [room_still_id, data]
    done = await once(session, viewer, idempotency_key, "room.mark", body, StillRef, work)
    return await queries.one(session, viewer, done.id)


@post("/room-stills/{room_still_id:uuid}/marks/{n:int}/undo", opt={OPT: CLINICAL}, status_code=200)
async def undo_mark(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    room_still_id: UUID,
    n: int,
    idempotency_key: str | None,
) -> RoomStill:
    """Take one's own mark back. It stays in the record."""

    async def work() -> StillRef:
        return StillRef(await service.undo(session, clock, viewer, room_still_id, n))

    body = [room_still_id, n]
    done = await once(session, viewer, idempotency_key, "room.unmark", body, StillRef, work)
    return await queries.one(session, viewer, done.id)


HANDLERS = [take_still, list_stills, show_still, draw_mark, undo_mark]
