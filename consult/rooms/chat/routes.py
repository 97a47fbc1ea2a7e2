"""What is written in rooms over HTTP: read on, write, say how far one has read."""

from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.params import Parameter
from sqlalchemy.ext.asyncio import AsyncSession

from consult.rooms.chat import queries, service
from consult.rooms.chat.schemas import (
    MarkMessages,
    MessageReceipt,
    MessageRef,
    RoomChat,
    RoomMessage,
    SayInRoom,
)
from kernel.access import CLINICAL, OPT
from kernel.clock import Clock
from kernel.idempotency import once
from kernel.viewer import Viewer


@get("/consults/{consult_id:uuid}/messages", opt={OPT: CLINICAL})
async def read_messages(
    session: AsyncSession,
    viewer: Viewer,
    consult_id: UUID,
    after: Annotated[int, Parameter(ge=0, le=1_000_000)] = 0,
) -> RoomChat:
    """What was written after number `after`, at most 200, and how far everybody has read."""
    return await queries.of_consult(session, viewer, consult_id, after)


@post("/rooms/{room_id:uuid}/messages", opt={OPT: CLINICAL})
async def say_in_room(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    room_id: UUID,
    data: SayInRoom,
    idempotency_key: str | None,
) -> RoomMessage:
    """Write in a room that one has been let into. What is answered is durable."""

    async def work() -> MessageRef:
        return MessageRef(await service.say(session, clock, viewer, room_id, data))

    body = {"room_id": str(room_id), "said": data}
    done = await once(session, viewer, idempotency_key, "room.say", body, MessageRef, work)
    return await queries.one(session, viewer, done.id)


@post("/consults/{consult_id:uuid}/messages/marks", opt={OPT: CLINICAL}, status_code=200)
async def mark_messages(
    session: AsyncSession, clock: Clock, viewer: Viewer, consult_id: UUID, data: MarkMessages
) -> RoomChat:
    """Say how far one's page and eyes have come. It never goes back: sent twice is once."""
    await service.mark(session, clock, viewer, consult_id, data)
    return await queries.of_consult(session, viewer, consult_id, data.delivered_to)


@get("/room-messages/{room_message_id:uuid}/receipts", opt={OPT: CLINICAL})
async def read_receipts(
    session: AsyncSession, viewer: Viewer, room_message_id: UUID
) -> list[MessageReceipt]:
    """Whom the message has reached, who had it in view, and when."""
    return await queries.receipts(session, room_message_id)


HANDLERS = [read_messages, say_in_room, mark_messages, read_receipts]
