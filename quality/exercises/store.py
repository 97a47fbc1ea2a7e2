"""Statements on the table of drills; row-level security cuts what is not the viewer's."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import NotFound
from quality.exercises.states import ExerciseState

MOST: Final = 200

_ONE = text("SELECT * FROM quality_exercise WHERE id = :id")
_LOCK = text("SELECT * FROM quality_exercise WHERE id = :id FOR UPDATE")
_LIST = text(
    "SELECT * FROM quality_exercise ORDER BY coalesce(ended_at, planned_at) DESC, id LIMIT :most"
)
_PLAN = text(
    "INSERT INTO quality_exercise (id, kind, scenario, title, facility_id, region_id, state,"
    "  planned_by, entered_at, planned_at) VALUES (:id, :kind, :scenario, :title, :facility_id,"
    "  :region_id, 'planned', :by, :at, :planned_at)"
)
_MOVED: Final = (
    "of_case_id", "begun_at", "ended_at", "debrief", "debriefed_by", "debriefed_at", "note",
)  # fmt: skip
_MOVE = text(
    "UPDATE quality_exercise SET state = :state, of_case_id = :of_case_id,"
    " begun_at = CAST(:begun_at AS timestamptz), ended_at = CAST(:ended_at AS timestamptz),"
    " debrief = :debrief, debriefed_by = :debriefed_by,"
    " debriefed_at = CAST(:debriefed_at AS timestamptz), note = :note,"
    " people = coalesce(CAST(:people AS jsonb), people),"
    " timings = coalesce(CAST(:timings AS jsonb), timings), version = version + 1"
    " WHERE id = :id"
)
# A case is a drill from the event that opens it or never.
_SENT: Final = """
SELECT e.case_id AS id, r.number, coalesce(e.occurred_at, e.recv_at) AS at
  FROM case_event e JOIN referral r ON r.id = e.case_id
 WHERE e.kind IN ('referral.requested', 'referral.self_arrival') AND page_is_drill(e.case_id)"""
_DRILL = text(f"SELECT count(*) FROM ({_SENT} AND e.case_id = :case_id) d")  # noqa: S608
_CANDIDATES = text(
    f"{_SENT} AND e.facility = :facility_id AND NOT EXISTS (SELECT 1 FROM quality_exercise x"  # noqa: S608
    "  WHERE x.of_case_id = e.case_id) ORDER BY at DESC LIMIT 20"
)
_TAKEN = text("SELECT EXISTS (SELECT 1 FROM quality_exercise WHERE of_case_id = :case_id)")


async def seen(session: AsyncSession, exercise_id: UUID) -> Row[Any]:
    """The drill; `NotFound` if unknown or foreign."""
    return _found((await session.execute(_ONE, {"id": exercise_id})).one_or_none())


async def locked(session: AsyncSession, exercise_id: UUID) -> Row[Any]:
    """The drill, locked; `NotFound` if unknown or foreign."""
    return _found((await session.execute(_LOCK, {"id": exercise_id})).one_or_none())


def _found(row: Row[Any] | None) -> Row[Any]:
    if row is None:
        raise NotFound()
    return row


async def listed(session: AsyncSession) -> Sequence[Row[Any]]:
    """Drills open to the viewer, the newest first."""
    return (await session.execute(_LIST, {"most": MOST})).all()


async def insert(session: AsyncSession, values: dict[str, Any]) -> None:
    """A new drill."""
    await session.execute(_PLAN, values)


async def move(
    session: AsyncSession, row: Row[Any], to: ExerciseState, changed: dict[str, Any]
) -> None:
    """Write the new state with what changed."""
    values = {name: getattr(row, name) for name in _MOVED} | {"people": None, "timings": None}
    await session.execute(_MOVE, values | changed | {"id": row.id, "state": str(to)})


async def is_drill(session: AsyncSession, case_id: UUID) -> bool:
    """Whether it is a case of the viewer's that began as a drill."""
    return bool((await session.execute(_DRILL, {"case_id": case_id})).scalar_one())


async def candidates(session: AsyncSession, facility_id: UUID) -> Sequence[Row[Any]]:
    """Drill cases that the house sent and that no drill has begun with, the newest first."""
    return (await session.execute(_CANDIDATES, {"facility_id": facility_id})).all()


async def taken(session: AsyncSession, case_id: UUID) -> bool:
    """Whether another drill ran on the case."""
    return bool((await session.execute(_TAKEN, {"case_id": case_id})).scalar_one())
