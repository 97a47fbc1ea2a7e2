"""Statements on what is written in rooms; row-level security cuts what is not the viewer's."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import NotFound

_LAST = text("SELECT coalesce(max(n), 0) FROM room_message WHERE case_id = :case_id")
_INSERT = text(
    "INSERT INTO room_message (id, room_id, case_id, n, admission_id, person_id, facility_id,"
    "  text, corrects, said_at) VALUES (:id, :room_id, :case_id, :n, :admission_id, :person_id,"
    "  :facility_id, :text, CAST(:corrects AS int), :at)"
)
_ONE = text("SELECT * FROM room_message WHERE id = :id")
_AFTER = text(
    "SELECT * FROM room_message WHERE case_id = :case_id AND n > :after ORDER BY n LIMIT :most"
)
_FREE = text(
    "SELECT EXISTS (SELECT 1 FROM room_message m WHERE m.case_id = :case_id AND m.n = :n"
    " AND m.person_id = :person_id AND NOT EXISTS (SELECT 1 FROM room_message c"
    "  WHERE c.case_id = m.case_id AND c.corrects = m.n))"
)
_UNREAD = text(
    "SELECT count(*) FROM room_message WHERE case_id = :case_id AND person_id <> :person_id"
    " AND n > (SELECT coalesce(max(read_to), 0) FROM room_receipt"
    "  WHERE case_id = :case_id AND person_id = :person_id)"
)
_MARK = text(
    "WITH said AS (SELECT CAST(:case_id AS uuid) AS case_id, CAST(:person_id AS uuid) AS person_id,"
    "  CAST(:delivered_to AS int) AS delivered_to, CAST(:read_to AS int) AS read_to,"
    "  (SELECT coalesce(max(n), 0) FROM room_message WHERE case_id = CAST(:case_id AS uuid)) AS n),"
    " come AS (SELECT case_id, person_id,"
    "  least(greatest(delivered_to, read_to), n) AS delivered_to, least(read_to, n) AS read_to"
    "  FROM said)"
    " INSERT INTO room_receipt (case_id, person_id, delivered_to, read_to, at)"
    " SELECT come.*, CAST(:at AS timestamptz) FROM come"
    "  WHERE come.delivered_to > (SELECT coalesce(max(delivered_to), 0) FROM room_receipt r"
    "     WHERE r.case_id = come.case_id AND r.person_id = come.person_id)"
    "   OR come.read_to > (SELECT coalesce(max(read_to), 0) FROM room_receipt r"
    "     WHERE r.case_id = come.case_id AND r.person_id = come.person_id)"
    " RETURNING id"
)
_READERS = text(
    "SELECT p.person_id, coalesce(max(r.delivered_to), 0) AS delivered_to,"
    "  coalesce(max(r.read_to), 0) AS read_to FROM ("
    "   SELECT person_id FROM room_admission WHERE case_id = :case_id AND entered_at IS NOT NULL"
    "   AND role <> 'guest'"
    "   UNION SELECT person_id FROM room_receipt WHERE case_id = :case_id) p"
    " LEFT JOIN room_receipt r ON r.case_id = :case_id AND r.person_id = p.person_id"
    " GROUP BY p.person_id ORDER BY p.person_id"
)
_RECEIPTS = text(
    "SELECT p.person_id,"
    "  min(r.at) FILTER (WHERE r.delivered_to >= :n) AS delivered_at,"
    "  min(r.at) FILTER (WHERE r.read_to >= :n) AS read_at FROM ("
    "   SELECT person_id FROM room_admission WHERE case_id = :case_id AND entered_at IS NOT NULL"
    "   AND role <> 'guest'"
    "   UNION SELECT person_id FROM room_receipt WHERE case_id = :case_id) p"
    " LEFT JOIN room_receipt r ON r.case_id = :case_id AND r.person_id = p.person_id"
    " WHERE p.person_id <> :author GROUP BY p.person_id ORDER BY read_at, delivered_at, p.person_id"
)


async def last(session: AsyncSession, case_id: UUID) -> int:
    """The newest number; 0 before the first."""
    return int((await session.execute(_LAST, {"case_id": case_id})).scalar_one())


async def insert(session: AsyncSession, values: dict[str, Any]) -> None:
    """One more message."""
    await session.execute(_INSERT, values)


async def one(session: AsyncSession, message_id: UUID) -> Row[Any]:
    """A message.

    Raises:
        NotFound: unknown or foreign.
    """
    row = (await session.execute(_ONE, {"id": message_id})).one_or_none()
    if row is None:
        raise NotFound()
    return row


async def after(session: AsyncSession, case_id: UUID, n: int, most: int) -> Sequence[Row[Any]]:
    """The messages after number `n`, `most` of them at most."""
    values = {"case_id": case_id, "after": n, "most": most}
    return (await session.execute(_AFTER, values)).all()


async def may_correct(session: AsyncSession, case_id: UUID, n: int, person_id: UUID) -> bool:
    """Whether number `n` is this person's and was not corrected yet."""
    values = {"case_id": case_id, "n": n, "person_id": person_id}
    return bool((await session.execute(_FREE, values)).scalar_one())


async def unread(session: AsyncSession, case_id: UUID, person_id: UUID) -> int:
    """How many of others' messages somebody has not had in view."""
    values = {"case_id": case_id, "person_id": person_id}
    return int((await session.execute(_UNREAD, values)).scalar_one())


async def mark(session: AsyncSession, values: dict[str, Any], at: datetime) -> bool:
    """Somebody has come further; False if they had been there already."""
    return (await session.execute(_MARK, values | {"at": at})).one_or_none() is not None


async def readers(session: AsyncSession, case_id: UUID) -> Sequence[Row[Any]]:
    """Everybody who was in one of its rooms or reads along, and how far they are."""
    return (await session.execute(_READERS, {"case_id": case_id})).all()


async def receipts(session: AsyncSession, message: Row[Any]) -> Sequence[Row[Any]]:
    """When a message reached everybody but its author, and when they had it in view."""
    values = {"case_id": message.case_id, "n": message.n, "author": message.person_id}
    return (await session.execute(_RECEIPTS, values)).all()
