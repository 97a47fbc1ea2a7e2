"""Statements on rounds and entries; row-level security cuts what is not the viewer's."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import NotFound
from quality.rounds.plan import Plan
from quality.rounds.schemas import Figures
from quality.rounds.states import EntryState, RoundState

_ROUND: Final = (
    "SELECT r.id, r.region_id, r.freeze_id, r.title, r.state, r.self_check_by, r.assess_by,"
    " r.content::text AS content, r.digest, r.planned_by, r.planned_at, r.version,"
    " f.starts_at, f.ends_at, g.name AS region, g.level AS region_level, g.code AS region_code,"
    " app_oversees_region(r.region_id) AS owned"
    " FROM assessment_round r JOIN indicator_freeze f ON f.id = r.freeze_id"
    " JOIN region g ON g.id = r.region_id"
)
_ROUNDS = text(f"{_ROUND} ORDER BY f.ends_at DESC, r.planned_at DESC LIMIT 200")
_ONE_ROUND = text(f"{_ROUND} WHERE r.id = :id")
_LOCK_ROUND = text(f"{_ROUND} WHERE r.id = :id FOR UPDATE OF r")
_ADD_ROUND = text(
    "INSERT INTO assessment_round (id, region_id, freeze_id, title, state, self_check_by,"
    "  assess_by, rules, content, digest, planned_by, planned_at)"
    " VALUES (:id, :region_id, :freeze_id, :title, 'planned', :self_check_by, :assess_by, :rules,"
    "  CAST(:content AS jsonb), :digest, :by, :at)"
)
_MOVE_ROUND = text(
    "UPDATE assessment_round SET state = :state,"
    " opened_at = coalesce(opened_at, CAST(:opened_at AS timestamptz)),"
    " ended_at = CAST(:ended_at AS timestamptz), version = version + 1 WHERE id = :id"
)
# A level between centre and owner counts as the city's if somebody oversees a whole city of it.
_ENTRY: Final = (
    "SELECT e.*, r.region_id AS round_region_id, r.self_check_by, r.assess_by,"
    " g.name AS region, g.level AS region_level, g.code AS region_code,"
    " h.code AS facility_code,"
    " app_oversees_region(r.region_id) AS owned, app_oversees_region(e.region_id) AS overseen,"
    " EXISTS (SELECT 1 FROM region_closure c JOIN region x ON x.id = c.ancestor_id"
    "          WHERE c.descendant_id = e.region_id AND x.level = 'city'"
    "            AND app_oversees_region(x.id)) AS citywide,"
    " app_answers_for(e.facility_id) AS answers,"
    " (SELECT count(*) FROM assessment_task t WHERE t.entry_id = e.id AND t.state <> 'verified')"
    "   AS tasks_open,"
    " (SELECT min(t.due_on) FROM assessment_task t"
    "   WHERE t.entry_id = e.id AND t.state <> 'verified') AS task_due"
    " FROM assessment_entry e JOIN assessment_round r ON r.id = e.round_id"
    " JOIN region g ON g.id = e.region_id JOIN facility h ON h.id = e.facility_id"
)
_ENTRIES = text(f"{_ENTRY} WHERE e.round_id = ANY(CAST(:rounds AS uuid[])) ORDER BY g.code, e.id")
_ONE_ENTRY = text(f"{_ENTRY} WHERE e.id = :id")
_LOCK_ENTRY = text(f"{_ENTRY} WHERE e.id = :id FOR UPDATE OF e")
_ADD_ENTRY = text(
    "INSERT INTO assessment_entry (id, round_id, facility_id, region_id, state)"
    " VALUES (:id, :round_id, :facility_id, :region_id, 'planned')"
)
_MOVED: Final = (
    "submitted_by", "submitted_at", "submitted", "note", "feedback", "feedback_by", "feedback_at",
)  # fmt: skip
_MOVE_ENTRY = text(
    "UPDATE assessment_entry SET state = :state, submitted_by = :submitted_by,"
    " submitted_at = CAST(:submitted_at AS timestamptz), submitted = :submitted, note = :note,"
    " feedback = :feedback, feedback_by = :feedback_by,"
    " feedback_at = CAST(:feedback_at AS timestamptz), version = version + 1 WHERE id = :id"
)
_CENTRES = text(
    "SELECT c.facility_id, f.region_id FROM indicator_frozen_centre c"
    " JOIN facility f ON f.id = c.facility_id"
    " WHERE c.freeze_id = :freeze AND CAST(:region AS uuid) = ANY(c.region_ids)"
    " ORDER BY c.facility_id"
)
_FILL = text(
    "INSERT INTO assessment_value (entry_id, code, version_id, figures)"
    " VALUES (:entry_id, :code, :version_id, CAST(:figures AS jsonb))"
)
_VALUES = text("SELECT code, figures::text AS figures FROM assessment_value WHERE entry_id = :id")
_ANSWERS = text(
    "SELECT DISTINCT ON (code) code, n, words, person_id, at FROM assessment_answer"
    " WHERE entry_id = :id ORDER BY code, n DESC"
)
_ANSWER = text(
    "INSERT INTO assessment_answer (entry_id, code, n, words, person_id, at)"
    " SELECT :id, :code, coalesce(max(n), 0) + 1, :words, :by, :at FROM assessment_answer"
    "  WHERE entry_id = :id AND code = :code"
)


async def rounds(session: AsyncSession) -> Sequence[Row[Any]]:
    """Rounds that the viewer sees, the newest period first."""
    return (await session.execute(_ROUNDS)).all()


async def round_(session: AsyncSession, round_id: UUID) -> Row[Any]:
    """The round; `NotFound` if unknown or foreign."""
    return _found((await session.execute(_ONE_ROUND, {"id": round_id})).one_or_none())


async def locked_round(session: AsyncSession, round_id: UUID) -> Row[Any]:
    """The round, locked; `NotFound` if unknown or foreign."""
    return _found((await session.execute(_LOCK_ROUND, {"id": round_id})).one_or_none())


def plan_of(row: Row[Any]) -> Plan:
    """A round's plan."""
    return msgspec.json.decode(row.content, type=Plan)


def _found(row: Row[Any] | None) -> Row[Any]:
    if row is None:
        raise NotFound()
    return row


async def add_round(session: AsyncSession, values: Mapping[str, Any]) -> None:
    """A new round."""
    await session.execute(_ADD_ROUND, values)


async def move_round(session: AsyncSession, row: Row[Any], to: RoundState, at: datetime) -> None:
    """Write the round's new state."""
    over = to in (RoundState.CLOSED, RoundState.CANCELLED)
    values = {"opened_at": at if to is RoundState.OPEN else None, "ended_at": at if over else None}
    await session.execute(_MOVE_ROUND, values | {"id": row.id, "state": str(to)})


async def centres(
    session: AsyncSession, freeze_id: UUID, region_id: UUID
) -> list[tuple[UUID, UUID]]:
    """Rescue centres of a frozen period in a region, each with its own region."""
    found = await session.execute(_CENTRES, {"freeze": freeze_id, "region": region_id})
    return [(row.facility_id, row.region_id) for row in found]


async def entries(session: AsyncSession, round_ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """Entries of rounds that the viewer sees."""
    return (await session.execute(_ENTRIES, {"rounds": list(round_ids)})).all()


async def entry(session: AsyncSession, entry_id: UUID) -> Row[Any]:
    """The entry; `NotFound` if unknown or foreign."""
    return _found((await session.execute(_ONE_ENTRY, {"id": entry_id})).one_or_none())


async def locked(session: AsyncSession, entry_id: UUID) -> Row[Any]:
    """The entry, locked; `NotFound` if unknown or foreign."""
    return _found((await session.execute(_LOCK_ENTRY, {"id": entry_id})).one_or_none())


async def add_entry(session: AsyncSession, values: Mapping[str, Any]) -> None:
    """A centre in a new round."""
    await session.execute(_ADD_ENTRY, values)


async def move(
    session: AsyncSession, row: Row[Any], to: EntryState, changed: Mapping[str, Any] | None = None
) -> None:
    """Write an entry's new state with what changed."""
    values = {name: getattr(row, name) for name in _MOVED} | dict(changed or {})
    await session.execute(_MOVE_ENTRY, values | {"id": row.id, "state": str(to)})


async def fill(
    session: AsyncSession, entry_id: UUID, code: str, version_id: UUID, figures: Figures
) -> None:
    """Keep what an indicator came to at a centre."""
    values = {"entry_id": entry_id, "code": code, "version_id": version_id}
    await session.execute(_FILL, values | {"figures": msgspec.json.encode(figures).decode()})


async def values(session: AsyncSession, entry_id: UUID) -> dict[str, Figures]:
    """What the indicators came to, by code."""
    return {
        row.code: msgspec.json.decode(row.figures, type=Figures)
        for row in await session.execute(_VALUES, {"id": entry_id})
    }


async def answers(session: AsyncSession, entry_id: UUID) -> dict[str, Row[Any]]:
    """The newest answer to each item, by code."""
    return {row.code: row for row in await session.execute(_ANSWERS, {"id": entry_id})}


async def answer(
    session: AsyncSession, entry_id: UUID, code: str, words: str, by: UUID, at: datetime
) -> None:
    """One more answer to an item."""
    said = {"id": entry_id, "code": code, "words": words, "by": by, "at": at}
    await session.execute(_ANSWER, said)


def due(row: Row[Any]) -> date | None:
    """The deadline of the step that an entry waits for."""
    match EntryState(row.state):
        case EntryState.OPEN | EntryState.MISSED:
            return row.self_check_by  # type: ignore[no-any-return]
        case EntryState.SUBMITTED | EntryState.BY_CITY | EntryState.BY_OWNER:
            return row.assess_by  # type: ignore[no-any-return]
        case EntryState.RECTIFYING:
            return row.task_due  # type: ignore[no-any-return]
        case _:
            return None
