"""Statements on the tables of stills; row-level security cuts what is not the viewer's."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import NotFound

_INSERT = text(
    "INSERT INTO room_still (id, room_id, case_id, source, of_admission_id, admission_id,"
    "  person_id, asked_by, taken_at, kept_at, width, height, size_bytes, sha256)"
    " VALUES (:id, :room_id, :case_id, :source, :of, :admission_id, :person_id, :asked_by,"
    "  :taken_at, :at, :width, :height, :size_bytes, :sha256)"
)
_ONE = text(
    "SELECT s.*, a.person_id AS of_person FROM room_still s"
    " JOIN room_admission a ON a.id = s.of_admission_id WHERE s.id = :id"
)
_OF_CASE = text(
    "SELECT s.*, a.person_id AS of_person FROM room_still s"
    " JOIN room_admission a ON a.id = s.of_admission_id"
    " WHERE s.case_id = :case_id ORDER BY s.kept_at, s.id"
)
_OF_PREGNANCY = text(
    "SELECT s.* FROM room_still s JOIN consult_request q ON q.id = s.case_id"
    " WHERE q.pregnancy_id = :pregnancy_id ORDER BY s.kept_at DESC, s.id DESC"
)
_MARKS = text("SELECT * FROM room_mark WHERE still_id = ANY(:ids) ORDER BY still_id, n")
_LAST = text("SELECT coalesce(max(n), 0) FROM room_mark WHERE still_id = :id")
_DRAW = text(
    "INSERT INTO room_mark (still_id, n, case_id, kind, ax, ay, bx, by, colour, text, undoes,"
    "  admission_id, person_id, at) VALUES (:still_id, :n, :case_id, :kind, :ax, :ay, :bx, :by,"
    "  :colour, :text, CAST(:undoes AS int), :admission_id, :person_id, :at)"
)


async def insert(session: AsyncSession, values: dict[str, Any]) -> None:
    """One more still."""
    await session.execute(_INSERT, values)


async def of_pregnancy(session: AsyncSession, pregnancy_id: UUID) -> Sequence[Row[Any]]:
    """The stills of all consultations about a pregnancy, the newest first."""
    return (await session.execute(_OF_PREGNANCY, {"pregnancy_id": pregnancy_id})).all()


async def one(session: AsyncSession, still_id: UUID) -> Row[Any]:
    """A still.

    Raises:
        NotFound: unknown or foreign.
    """
    row = (await session.execute(_ONE, {"id": still_id})).one_or_none()
    if row is None:
        raise NotFound()
    return row


async def of_case(session: AsyncSession, case_id: UUID) -> Sequence[Row[Any]]:
    """All of a consultation, the oldest first."""
    return (await session.execute(_OF_CASE, {"case_id": case_id})).all()


async def marks(session: AsyncSession, still_ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """What was drawn on these and taken back, in order."""
    return (await session.execute(_MARKS, {"ids": list(still_ids)})).all()


async def last(session: AsyncSession, still_id: UUID) -> int:
    """The still's version; 0 before the first mark."""
    return int((await session.execute(_LAST, {"id": still_id})).scalar_one())


async def draw(session: AsyncSession, values: dict[str, Any]) -> None:
    """One more mark, or an undoing."""
    await session.execute(_DRAW, values)
