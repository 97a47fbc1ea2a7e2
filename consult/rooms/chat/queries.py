"""Reads of what is written in rooms, as the viewer: row-level security cuts what is not theirs."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from consult.names import Names, names
from consult.requests import store as requests
from consult.rooms import store as room_store
from consult.rooms.chat import store
from consult.rooms.chat.schemas import MessageReceipt, RoomChat, RoomMessage, RoomReader
from kernel.viewer import Viewer

PAGE: Final = 200
WHOLE: Final = 1_000_000


async def of_consult(
    session: AsyncSession, viewer: Viewer, consult_id: UUID, after: int, most: int = PAGE
) -> RoomChat:
    """What was written in the consultation's rooms after number `after`; or `NotFound`."""
    await requests.seen(session, consult_id)
    rows = await store.after(session, consult_id, after, most)
    # After the messages: a number that is counted here and not among them is fetched next.
    newest = await store.last(session, consult_id)
    readers = await store.readers(session, consult_id)
    known = await names(
        session,
        [*(row.person_id for row in rows), *(one.person_id for one in readers)],
        {row.facility_id for row in rows},
    )
    return RoomChat(
        messages=[_message(viewer, row, known) for row in rows],
        last=newest,
        more=newest > (rows[-1].n if rows else after),
        readers=[
            RoomReader(
                known.person(one.person_id), one.delivered_to, one.read_to,
                mine=one.person_id == viewer.person_id,
            )
            for one in readers
        ],
        unread=await store.unread(session, consult_id, viewer.person_id),
        room_id=await room_store.open_room_with(session, consult_id, viewer.person_id),
    )  # fmt: skip


async def whole(session: AsyncSession, viewer: Viewer, consult_id: UUID) -> list[RoomMessage]:
    """Every message of a consultation, for its paper; or `NotFound`."""
    return (await of_consult(session, viewer, consult_id, 0, WHOLE)).messages


async def one(session: AsyncSession, viewer: Viewer, message_id: UUID) -> RoomMessage:
    """A message; or `NotFound`."""
    row = await store.one(session, message_id)
    return _message(viewer, row, await names(session, [row.person_id], [row.facility_id]))


async def receipts(session: AsyncSession, message_id: UUID) -> list[MessageReceipt]:
    """Whom a message has reached, and who had it in view, and when; or `NotFound`."""
    rows = await store.receipts(session, await store.one(session, message_id))
    known = await names(session, [row.person_id for row in rows], [])
    return [
        MessageReceipt(known.person(row.person_id), row.delivered_at, row.read_at) for row in rows
    ]


def _message(viewer: Viewer, row: Row[Any], known: Names) -> RoomMessage:
    return RoomMessage(
        id=row.id,
        room_id=row.room_id,
        n=row.n,
        person=known.person(row.person_id),
        facility=known.house(row.facility_id),
        text=row.text,
        corrects=row.corrects,
        said_at=row.said_at,
        mine=row.person_id == viewer.person_id,
    )
