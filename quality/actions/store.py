"""Statements on the table of actions; row-level security cuts what is not the viewer's."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import NotFound

MOST: Final = 300

_RECORDS: Final = """(
  SELECT r.id, r.facility_id, 'return' AS record, r.form || ' ' || r.period AS title
    FROM quality_return r
  UNION ALL
  SELECT e.id, e.facility_id, 'exercise', e.title FROM quality_exercise e)"""

# ruff: noqa: S608  (the queries below are put together from constants)
_RECORD = text(f"SELECT * FROM {_RECORDS} r WHERE r.id = :id")
_ALL = (
    f"SELECT a.*, r.record, r.title FROM quality_action a JOIN {_RECORDS} r ON r.id = a.record_id"
)
_OF = text(f"{_ALL} WHERE a.record_id = :id ORDER BY a.set_at, a.id")
_OPEN = text(f"{_ALL} WHERE a.state IN ('open', 'done') ORDER BY a.due_on, a.id LIMIT :most")
_ONE = text(f"{_ALL} WHERE a.id = :id")
_LOCK = text("SELECT * FROM quality_action WHERE id = :id FOR UPDATE")
_SET = text(
    "INSERT INTO quality_action (id, record_id, facility_id, what, owner_id, due_on, state,"
    "  set_by, set_at) VALUES (:id, :record_id, :facility_id, :what, :owner_id, :due_on, 'open',"
    "  :by, :at)"
)
_MOVED: Final = ("evidence", "done_by", "done_at", "checked_by", "checked_at", "note")
_MOVE = text(
    "UPDATE quality_action SET state = :state, evidence = :evidence, done_by = :done_by,"
    " done_at = CAST(:done_at AS timestamptz), checked_by = :checked_by,"
    " checked_at = CAST(:checked_at AS timestamptz), note = :note, version = version + 1"
    " WHERE id = :id"
)
_WAITING = text(
    "SELECT * FROM quality_action WHERE state = 'open' AND due_on <= :until ORDER BY due_on, id"
)
_REMINDED = text(
    "UPDATE quality_action SET reminders = :n WHERE id = :id AND reminders < :n AND state = 'open'"
    " RETURNING id"
)


async def record(session: AsyncSession, record_id: UUID) -> Row[Any]:
    """The return or drill; `NotFound` if unknown or foreign."""
    return _found((await session.execute(_RECORD, {"id": record_id})).one_or_none())


async def of_record(session: AsyncSession, record_id: UUID) -> Sequence[Row[Any]]:
    """Its actions, in the order of setting."""
    return (await session.execute(_OF, {"id": record_id})).all()


async def open_ones(session: AsyncSession) -> Sequence[Row[Any]]:
    """Actions that are not checked yet, the first due first."""
    return (await session.execute(_OPEN, {"most": MOST})).all()


async def seen(session: AsyncSession, action_id: UUID) -> Row[Any]:
    """The action with its record; `NotFound` if unknown or foreign."""
    return _found((await session.execute(_ONE, {"id": action_id})).one_or_none())


async def locked(session: AsyncSession, action_id: UUID) -> Row[Any]:
    """The action, locked; `NotFound` if unknown or foreign."""
    return _found((await session.execute(_LOCK, {"id": action_id})).one_or_none())


def _found(row: Row[Any] | None) -> Row[Any]:
    if row is None:
        raise NotFound()
    return row


async def insert(session: AsyncSession, values: dict[str, Any]) -> None:
    """A new action."""
    await session.execute(_SET, values)


async def move(session: AsyncSession, row: Row[Any], state: str, changed: dict[str, Any]) -> None:
    """Write the new state with what changed."""
    values = {name: getattr(row, name) for name in _MOVED} | changed
    await session.execute(_MOVE, values | {"id": row.id, "state": state})


async def waiting(session: AsyncSession, until: date) -> Sequence[Row[Any]]:
    """Open actions that are due by then."""
    return (await session.execute(_WAITING, {"until": until})).all()


async def reminded(session: AsyncSession, action_id: UUID, n: int) -> bool:
    """Note the n-th reminder; False if another engine was faster, or it is done."""
    found = await session.execute(_REMINDED, {"id": action_id, "n": n})
    return found.one_or_none() is not None
