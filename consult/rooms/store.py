"""Statements on the tables of rooms; row-level security cuts what is not the viewer's."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Result, Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from consult.rooms.errors import RoomEnded
from kernel.errors import NotFound

_OPEN = text("SELECT * FROM consult_room WHERE case_id = :case_id AND ended_at IS NULL")
_NEWEST = text(
    "SELECT * FROM consult_room WHERE case_id = :case_id ORDER BY opened_at DESC, id DESC LIMIT 1"
)
_LOCK = text("SELECT * FROM consult_room WHERE id = :id FOR UPDATE")
_ONE = text("SELECT * FROM consult_room WHERE id = :id")
_INSERT = text(
    "INSERT INTO consult_room (id, case_id, engine, facility_id, opened_by, opened_at)"
    " VALUES (:id, :case_id, :engine, :facility_id, :by, :at)"
)
_END = text(
    "UPDATE consult_room SET ended_at = :at, ended_by = CAST(:by AS uuid), why_ended = :why"
    " WHERE id = :id"
)
_LEASE = text(
    "SELECT epoch, worker FROM room_lease WHERE room_id = :room_id ORDER BY epoch DESC LIMIT 1"
)
_TAKE = text(
    "INSERT INTO room_lease (room_id, case_id, epoch, worker, taken_at)"
    " VALUES (:room_id, :case_id, :epoch, :worker, :at)"
)
_ASK = text(
    "INSERT INTO room_admission (id, room_id, case_id, person_id, facility_id, role, state,"
    "  asked_at, decided_at) VALUES (:id, :room_id, :case_id, :person_id, :facility_id, :role,"
    "  :state, :at, CAST(:decided_at AS timestamptz))"
)
_DECIDE = text(
    "UPDATE room_admission SET state = :state, decided_by = :by, decided_at = :at WHERE id = :id"
)
_ENTER = text("UPDATE room_admission SET entered_at = :at WHERE id = :id AND entered_at IS NULL")
_ADMISSIONS = text(
    # Of another's engine nobody knows whether somebody was cut off or went.
    "SELECT a.*, s.joined_at, s.left_at, CASE WHEN r.engine = 'forward' THEN s.why END AS why,"
    " coalesce(s.here, false) AS here"
    "  FROM room_admission a JOIN consult_room r ON r.id = a.room_id"
    " LEFT JOIN LATERAL (SELECT min(joined_at) AS joined_at,"
    "   CASE WHEN bool_or(left_at IS NULL) THEN NULL ELSE max(left_at) END AS left_at,"
    "   (array_agg(why ORDER BY joined_at DESC))[1] AS why, bool_or(left_at IS NULL) AS here"
    "   FROM room_stay WHERE admission_id = a.id"
    "   HAVING count(*) > 0) s ON true"
    " WHERE a.room_id = :room_id ORDER BY a.asked_at, a.id"
)

_WAS_IN = text(
    "SELECT EXISTS (SELECT 1 FROM room_admission WHERE case_id = :case_id"
    " AND person_id = :person_id AND entered_at IS NOT NULL)"
)


_IN_OPEN = text(
    "SELECT r.id FROM consult_room r JOIN room_admission a ON a.room_id = r.id"
    " WHERE r.case_id = :case_id AND r.ended_at IS NULL AND a.person_id = :person_id"
    " AND a.state = 'admitted'"
)


async def open_room_with(session: AsyncSession, case_id: UUID, person_id: UUID) -> UUID | None:
    """The consultation's open room, if this person was let into it."""
    values = {"case_id": case_id, "person_id": person_id}
    found = (await session.execute(_IN_OPEN, values)).scalar_one_or_none()
    return None if found is None else UUID(str(found))


async def was_in(session: AsyncSession, case_id: UUID, person_id: UUID) -> bool:
    """Whether somebody was in one of the consultation's rooms."""
    values = {"case_id": case_id, "person_id": person_id}
    return bool((await session.execute(_WAS_IN, values)).scalar_one())


async def open_room_of(session: AsyncSession, case_id: UUID) -> Row[Any] | None:
    """The consultation's room that is open now."""
    return (await session.execute(_OPEN, {"case_id": case_id})).one_or_none()


async def newest(session: AsyncSession, case_id: UUID) -> Row[Any] | None:
    """The consultation's newest room, open or ended."""
    return (await session.execute(_NEWEST, {"case_id": case_id})).one_or_none()


async def seen(session: AsyncSession, room_id: UUID) -> Row[Any]:
    """A room, open or ended; raises `NotFound` where it is unknown or foreign."""
    row = (await session.execute(_ONE, {"id": room_id})).one_or_none()
    if row is None:
        raise NotFound()
    return row


async def locked(session: AsyncSession, room_id: UUID) -> Row[Any]:
    """An open room, locked.

    Raises:
        NotFound: unknown or foreign.
        RoomEnded: it is closed.
    """
    return _open(await session.execute(_LOCK, {"id": room_id}))


async def require_open(session: AsyncSession, room_id: UUID) -> None:
    """Raise as `locked` does, without the lock: for who asks again under it."""
    _open(await session.execute(_ONE, {"id": room_id}))


def _open(found: Result[Any]) -> Row[Any]:
    row = found.one_or_none()
    if row is None:
        raise NotFound()
    if row.ended_at is not None:
        raise RoomEnded()
    return row


async def insert(session: AsyncSession, values: dict[str, Any]) -> None:
    """A new room."""
    await session.execute(_INSERT, values)


async def end(
    session: AsyncSession, room_id: UUID, at: datetime, by: UUID | None, why: str
) -> None:
    """It is closed."""
    await session.execute(_END, {"id": room_id, "at": at, "by": by, "why": why})


async def note_lease(session: AsyncSession, room: Row[Any], worker: str, at: datetime) -> None:
    """Which worker carries the room now; a new epoch if it is another one than before."""
    last = (await session.execute(_LEASE, {"room_id": room.id})).one_or_none()
    if last is not None and last.worker == worker:
        return
    epoch = 1 if last is None else last.epoch + 1
    values = {"room_id": room.id, "case_id": room.case_id, "epoch": epoch, "worker": worker}
    await session.execute(_TAKE, values | {"at": at})


async def admissions(session: AsyncSession, room_id: UUID) -> Sequence[Row[Any]]:
    """Everybody who asked to come in, with their presence, in the order of asking."""
    return (await session.execute(_ADMISSIONS, {"room_id": room_id})).all()


async def ask(session: AsyncSession, values: dict[str, Any]) -> None:
    """One more who asks, or comes in at once."""
    await session.execute(_ASK, values)


async def decide(
    session: AsyncSession, admission_id: UUID, state: str, by: UUID, at: datetime
) -> None:
    """Write what becomes of an admission."""
    await session.execute(_DECIDE, {"id": admission_id, "state": state, "by": by, "at": at})


async def entered(session: AsyncSession, admission_id: UUID, at: datetime) -> None:
    """The first ticket was given."""
    await session.execute(_ENTER, {"id": admission_id, "at": at})
