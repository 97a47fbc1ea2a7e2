"""Recordings over HTTP: ask, answer, stop; list, open, play."""

from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.response import Stream
from sqlalchemy.ext.asyncio import AsyncSession

from consult.media.recording.shelf import Shelf
from consult.rooms.asking import RoomCall
from consult.rooms.recording import queries, service, viewing
from consult.rooms.recording.schemas import AgreeRecording, KeptRecording, Viewing, ViewingRef
from consult.rooms.recording.states import AnswerAction
from consult.rooms.schemas import RoomView
from kernel.access import CLINICAL, OPT
from kernel.clock import Clock
from kernel.idempotency import once
from kernel.viewer import Viewer


@post("/rooms/{room_id:uuid}/recordings", opt={OPT: CLINICAL})
async def ask_recording(room_id: UUID, data: AgreeRecording, call: RoomCall) -> RoomView:
    """Ask everybody in the room to be recorded, and agree oneself."""
    return await call.once(
        "recording.ask",
        f"{room_id}/{data.beside}/{data.text_version}",
        lambda: service.ask(call.session, call.clock, call.viewer, call.engine, room_id, data),
    )


@post("/room-recordings/{room_recording_id:uuid}/agree", opt={OPT: CLINICAL}, status_code=200)
async def agree_recording(
    room_recording_id: UUID, data: AgreeRecording, call: RoomCall
) -> RoomView:
    """Agree for oneself. It begins within two seconds once everybody in the room has."""
    return await call.once(
        "recording.agree",
        f"{room_recording_id}/{data.beside}/{data.text_version}",
        lambda: service.answer(
            call.session, call.clock, call.viewer, call.media, room_recording_id,
            AnswerAction.AGREE, data,
        ),
    )  # fmt: skip


@post("/room-recordings/{room_recording_id:uuid}/refuse", opt={OPT: CLINICAL}, status_code=200)
async def refuse_recording(room_recording_id: UUID, call: RoomCall) -> RoomView:
    """Do not agree; nobody is recorded."""
    return await _without_text(room_recording_id, AnswerAction.REFUSE, call)


@post("/room-recordings/{room_recording_id:uuid}/withdraw", opt={OPT: CLINICAL}, status_code=200)
async def withdraw_recording(room_recording_id: UUID, call: RoomCall) -> RoomView:
    """Take one's agreement back; within a second nothing more is written, of anybody."""
    return await _without_text(room_recording_id, AnswerAction.WITHDRAW, call)


@post("/room-recordings/{room_recording_id:uuid}/stop", opt={OPT: CLINICAL}, status_code=200)
async def stop_recording(room_recording_id: UUID, call: RoomCall) -> RoomView:
    """End the recording: for whoever asked, and hosts."""
    return await call.once(
        "recording.stop",
        room_recording_id,
        lambda: service.stop(call.session, call.clock, call.viewer, call.media, room_recording_id),
    )


@get("/consults/{consult_id:uuid}/recordings", opt={OPT: CLINICAL})
async def list_recordings(
    session: AsyncSession, viewer: Viewer, consult_id: UUID
) -> list[KeptRecording]:
    """The consultation's recordings: who agreed, until when they are kept, who looked."""
    return await queries.of_consult(session, viewer, consult_id)


@post("/room-recordings/{room_recording_id:uuid}/viewings", opt={OPT: CLINICAL})
async def open_recording(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    room_recording_id: UUID,
    idempotency_key: str | None,
) -> Viewing:
    """Open a recording to look at it; every opening is on record."""

    async def work() -> ViewingRef:
        return ViewingRef(await viewing.open_recording(session, clock, viewer, room_recording_id))

    done = await once(
        session, viewer, idempotency_key, "recording.view", str(room_recording_id), ViewingRef, work
    )
    return await viewing.opened(session, viewer, room_recording_id, done.id)


@get(
    "/room-recordings/{room_recording_id:uuid}/viewings/{viewing_id:uuid}/parts/{part_id:uuid}",
    opt={OPT: CLINICAL}, media_type="video/webm",
)  # fmt: skip
async def play_recording(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    shelf: Shelf,
    room_recording_id: UUID,
    viewing_id: UUID,
    part_id: UUID,
    request: Request[Any, Any, Any],
) -> Stream:
    """One file of an opened recording as WebM, whole (200) or the range asked for (206)."""
    asked = request.headers.get("range", "")
    found = await viewing.piece(
        session, clock, viewer, shelf, room_recording_id, viewing_id, part_id, asked
    )
    headers = {
        "accept-ranges": "bytes",
        "cache-control": "no-store",
        "content-length": str(found.stop - found.start),
        "x-content-type-options": "nosniff",
    }
    part = found.stop - found.start < found.size or bool(asked)
    if part:
        headers["content-range"] = f"bytes {found.start}-{found.stop - 1}/{found.size}"
    return Stream(
        found.content, status_code=206 if part else 200, media_type="video/webm", headers=headers
    )


async def _without_text(room_recording_id: UUID, action: AnswerAction, call: RoomCall) -> RoomView:
    return await call.once(
        f"recording.{action}",
        room_recording_id,
        lambda: service.answer(
            call.session, call.clock, call.viewer, call.media, room_recording_id, action
        ),
    )


HANDLERS = [
    ask_recording,
    agree_recording,
    refuse_recording,
    withdraw_recording,
    stop_recording,
    list_recordings,
    open_recording,
    play_recording,
]
