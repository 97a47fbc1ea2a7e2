"""Statements on the tables of returns; row-level security cuts what is not the viewer's."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import NotFound
from quality.returns.forms import Answer
from quality.returns.states import ReturnState

MOST: Final = 300

_ONE = text("SELECT * FROM quality_return WHERE id = :id")
_LOCK = text("SELECT * FROM quality_return WHERE id = :id FOR UPDATE")
_STANDS = text(
    "SELECT id FROM quality_return WHERE form = :form AND facility_id = :facility_id"
    " AND period_first = :first AND state <> 'withdrawn' AND NOT many"
)
_INSERT = text(
    "INSERT INTO quality_return (id, form, form_version, facility_id, region_id, period,"
    "  period_first, period_last, many, state, opened_by, opened_at) VALUES (:id, :form,"
    "  :form_version, :facility_id, :region_id, :period, :first, :last, :many, 'draft', :by, :at)"
)
_MOVE = text(
    "UPDATE quality_return SET state = :state, submitted_by = :by,"
    " submitted_at = CAST(:at AS timestamptz), version = version + 1 WHERE id = :id"
)
_LIST = text(
    "SELECT * FROM quality_return WHERE state <> 'withdrawn'"
    " AND (CAST(:form AS text) IS NULL OR form = :form)"
    " AND (CAST(:facility AS uuid) IS NULL OR facility_id = :facility)"
    " ORDER BY period_first DESC, opened_at DESC, id LIMIT :most"
)
_ANSWER = text(
    "INSERT INTO quality_return_answer (return_id, item, content, person_id, at)"
    " VALUES (:id, :item, CAST(:content AS jsonb), :by, :at)"
)
_ANSWERS = text(
    "SELECT DISTINCT ON (item) item, content, person_id, at FROM quality_return_answer"
    " WHERE return_id = :id ORDER BY item, id DESC"
)
_ISSUE = text(
    "INSERT INTO quality_return_issue (return_id, n, content, sha256, person_id, at)"
    " SELECT :id, coalesce(max(n), 0) + 1, :content, :sha256, :by, :at"
    "   FROM quality_return_issue WHERE return_id = :id"
)
_ISSUES = text(
    "SELECT i.n, i.sha256, i.person_id, i.at, u.reason FROM quality_return_issue i"
    " LEFT JOIN quality_return_unlocking u ON u.return_id = i.return_id AND u.n = i.n"
    " WHERE i.return_id = :id ORDER BY i.n"
)
_LATEST = text(
    "SELECT content, sha256 FROM quality_return_issue WHERE return_id = :id ORDER BY n DESC LIMIT 1"
)
_UNLOCK = text(
    "INSERT INTO quality_return_unlocking (return_id, n, reason, person_id, at)"
    " SELECT :id, max(n), :reason, :by, :at FROM quality_return_issue WHERE return_id = :id"
)


async def seen(session: AsyncSession, return_id: UUID) -> Row[Any]:
    """The return; `NotFound` if unknown or foreign."""
    return _found((await session.execute(_ONE, {"id": return_id})).one_or_none())


async def locked(session: AsyncSession, return_id: UUID) -> Row[Any]:
    """The return, locked; `NotFound` if unknown or foreign."""
    return _found((await session.execute(_LOCK, {"id": return_id})).one_or_none())


def _found(row: Row[Any] | None) -> Row[Any]:
    if row is None:
        raise NotFound()
    return row


async def standing(session: AsyncSession, form: str, facility_id: UUID, first: date) -> UUID | None:
    """The one return of a house for a period, if it is begun."""
    values = {"form": form, "facility_id": facility_id, "first": first}
    found: UUID | None = (await session.execute(_STANDS, values)).scalar_one_or_none()
    return found


async def insert(session: AsyncSession, values: dict[str, Any]) -> None:
    """A new return."""
    await session.execute(_INSERT, values)


async def move(
    session: AsyncSession,
    return_id: UUID,
    to: ReturnState,
    by: UUID | None = None,
    at: datetime | None = None,
) -> None:
    """Write the new state, and by whom and when it was handed in."""
    await session.execute(_MOVE, {"id": return_id, "state": str(to), "by": by, "at": at})


async def listed(
    session: AsyncSession, form: str | None, facility_id: UUID | None
) -> Sequence[Row[Any]]:
    """Returns open to the viewer, the newest period first."""
    values = {"form": form, "facility": facility_id, "most": MOST}
    return (await session.execute(_LIST, values)).all()


async def answer(
    session: AsyncSession, return_id: UUID, item: str, said: Answer, by: UUID, at: datetime
) -> None:
    """One statement more; what was stated before stays on record."""
    content = msgspec.json.encode(said).decode()
    values = {"id": return_id, "item": item, "content": content, "by": by, "at": at}
    await session.execute(_ANSWER, values)


async def answers(session: AsyncSession, return_id: UUID) -> dict[str, Row[Any]]:
    """The newest statement on each item."""
    found = await session.execute(_ANSWERS, {"id": return_id})
    return {row.item: row for row in found}


def answer_of(row: Row[Any]) -> Answer:
    """What a row states."""
    return msgspec.convert(row.content, Answer)


async def issue(
    session: AsyncSession, return_id: UUID, content: bytes, sha256: bytes, by: UUID, at: datetime
) -> None:
    """Keep what is handed in."""
    values = {"id": return_id, "content": content, "sha256": sha256, "by": by, "at": at}
    await session.execute(_ISSUE, values)


async def issues(session: AsyncSession, return_id: UUID) -> Sequence[Row[Any]]:
    """Everything that was handed in, in order."""
    return (await session.execute(_ISSUES, {"id": return_id})).all()


async def latest(session: AsyncSession, return_id: UUID) -> tuple[bytes, bytes]:
    """What was handed in last, and its SHA-256."""
    row = (await session.execute(_LATEST, {"id": return_id})).one()
    return bytes(row.content), bytes(row.sha256)


async def unlock(
    session: AsyncSession, return_id: UUID, reason: str, by: UUID, at: datetime
) -> None:
    """Why what was handed in last was opened again."""
    await session.execute(_UNLOCK, {"id": return_id, "reason": reason, "by": by, "at": at})
