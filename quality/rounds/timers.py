"""The engine's part: self-checks that were missed, and telling whom a step or a deadline concerns.

What was told is kept by step and by day, so that an engine that was away tells late and not twice.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation.service import notify_people
from kernel.clock import Clock
from kernel.database import Database
from kernel.errors import Unavailable
from kernel.ids import CaseId, PersonId
from kernel.viewer import Viewer
from quality.rounds import store
from quality.rounds.sides import say, step
from quality.rounds.states import ENTRY, EntryAction, EntryState, Side, TaskState
from quality.rulebook import versions as rulebook
from registry.facilities.rules import local_date

log = structlog.get_logger()

ENGINE: Final = Viewer.system("engine")
BATCH: Final = 200

_MISSED = text(
    "SELECT e.* FROM assessment_entry e JOIN assessment_round r ON r.id = e.round_id"
    " WHERE e.state = 'self_check_open' AND r.state = 'open' AND r.self_check_by < :today"
    " ORDER BY e.id LIMIT 1 FOR UPDATE OF e SKIP LOCKED"
)
_LIVE = text(
    "SELECT e.*, r.self_check_by, r.assess_by, r.region_id AS round_region_id, r.rules,"
    " (SELECT min(t.due_on) FROM assessment_task t"
    "   WHERE t.entry_id = e.id AND t.state <> 'verified') AS task_due"
    " FROM assessment_entry e JOIN assessment_round r ON r.id = e.round_id"
    " WHERE r.state = 'open' AND e.state NOT IN ('planned', 'closed', 'cancelled') ORDER BY e.id"
)
# Feedback is told even if somebody demands or closes before the engine comes by.
_FED = text(
    "SELECT e.* FROM assessment_entry e WHERE e.feedback_at IS NOT NULL AND NOT EXISTS ("
    " SELECT 1 FROM assessment_told t WHERE t.entry_id = e.id AND t.what LIKE 'feedback%')"
    " ORDER BY e.id"
)
_TASKS = text(
    "SELECT t.id, t.entry_id, t.state, t.version, t.owner_id, e.facility_id, e.region_id"
    " FROM assessment_task t JOIN assessment_entry e ON e.id = t.entry_id"
    " WHERE e.state = 'rectifying' ORDER BY t.id"
)
_TELL = text(
    "INSERT INTO assessment_told (entry_id, what, at) VALUES (:id, :what, :at)"
    " ON CONFLICT (entry_id, what) DO NOTHING RETURNING entry_id"
)
_CENTRE = text(
    "SELECT DISTINCT p.id FROM person p JOIN account a ON a.person_id = p.id"
    " JOIN role_grant g ON g.account_id = a.id AND g.during @> CAST(:at AS timestamptz)"
    " WHERE a.disabled_at IS NULL AND p.facility_id = :facility"
    "   AND g.role IN ('coordinator', 'medical_affairs') ORDER BY p.id"
)
_ABOVE = text(
    "SELECT DISTINCT a.person_id AS id FROM account a"
    " JOIN role_grant g ON g.account_id = a.id AND g.during @> CAST(:at AS timestamptz)"
    " JOIN region_closure c ON c.ancestor_id = g.region_id AND c.descendant_id = :region"
    " JOIN region x ON x.id = g.region_id AND x.level = ANY(CAST(:levels AS text[]))"
    " WHERE a.disabled_at IS NULL AND g.role = 'commission' ORDER BY id"
)

TOLD: Final = {
    EntryState.OPEN: {Side.CENTRE},
    EntryState.SUBMITTED: {Side.OWNER},
    EntryState.MISSED: {Side.CENTRE, Side.OWNER},
    EntryState.BY_CITY: {Side.OWNER},
}
"""Whom a state concerns when it is reached; `owner` stands for all who oversee the centre."""

ABOVE: Final = ("province", "city")
"""Levels that act on an entry."""
ALL_LEVELS: Final = (*ABOVE, "county")
"""Feedback goes to the levels below, too."""

WAITS: Final = {
    EntryState.OPEN: Side.CENTRE,
    EntryState.MISSED: Side.CENTRE,
    EntryState.SUBMITTED: Side.OWNER,
    EntryState.BY_CITY: Side.OWNER,
    EntryState.BY_OWNER: Side.OWNER,
    EntryState.RECTIFYING: Side.CENTRE,
}
"""Whom a deadline concerns."""


OF_TASKS: Final = {
    TaskState.REPORTED: (Side.OWNER, "task_reported"),
    TaskState.VERIFIED: (Side.CENTRE, "task_verified"),
}
"""Whom a task concerns, and what the notice is called; else it waits for the centre."""


async def run_due(database: Database, clock: Clock) -> bool:
    """Miss what was not signed in time, and tell. True if there may be more."""
    missed = 0
    try:
        while missed < BATCH and await _miss_one(database, clock):
            missed += 1
        async with database.session(ENGINE) as session:
            await _tell_entries(session, clock)
            await _tell_feedback(session, clock)
            await _tell_tasks(session, clock)
    except Unavailable:
        log.warning("assessments.database_unavailable")
        return False
    return missed == BATCH


async def _miss_one(database: Database, clock: Clock) -> bool:
    async with database.session(ENGINE) as session:
        today = {"today": local_date(clock.now())}
        row = (await session.execute(_MISSED, today)).one_or_none()
        if row is None:
            return False
        to = step(ENTRY, row, Side.TIME, None, EntryAction.MISS)
        await store.move(session, row, to)
        await say(session, clock, ENGINE, CaseId(row.id), "assessment.self_check_missed", {})
        log.info("assessment.missed", assessment_id=str(row.id))
    return True


async def _tell_entries(session: AsyncSession, clock: Clock) -> None:
    today = local_date(clock.now())
    rows = (await session.execute(_LIVE)).all()
    rules = {one: await rulebook.rules_called(session, one) for one in {r.rules for r in rows}}
    for row in rows:
        state = EntryState(row.state)
        for side in sorted(TOLD.get(state, ())):
            await _tell(session, clock, row, side, f"{state}:{row.version}:{side}", state)
        due = store.due(row)
        if due is not None and state in WAITS:
            days = rules[row.rules].reminders.days
            await _remind(session, clock, row, state, due, today, days)


async def _tell_feedback(session: AsyncSession, clock: Clock) -> None:
    for row in (await session.execute(_FED)).all():
        for side in (Side.CENTRE, Side.OWNER):
            what = f"feedback:{side}"
            await _tell(session, clock, row, side, what, EntryState.FEEDBACK, levels=ALL_LEVELS)


async def _remind(
    session: AsyncSession,
    clock: Clock,
    row: Row[Any],
    state: EntryState,
    due: date,
    today: date,
    days_before: Sequence[int],
) -> None:
    """Of the days on which somebody is reminded, the last one that has come."""
    left = (due - today).days
    come = [days for days in days_before if days >= left]
    if come:
        kind = "overdue" if min(come) < 0 else "due"
        what = f"due:{state}:{due}:{min(come)}"[:60]
        await _tell(session, clock, row, WAITS[state], what, kind)


async def _tell_tasks(session: AsyncSession, clock: Clock) -> None:
    for row in (await session.execute(_TASKS)).all():
        side, kind = OF_TASKS.get(TaskState(row.state), (Side.CENTRE, "task_open"))
        own = [PersonId(row.owner_id)] if row.owner_id is not None else []
        what = f"{row.id}:{row.version}"
        await _tell(session, clock, row, side, what, kind, own, entry_id=row.entry_id)


async def _tell(
    session: AsyncSession,
    clock: Clock,
    row: Row[Any],
    side: Side,
    what: str,
    kind: str,
    more: Sequence[PersonId] = (),
    entry_id: UUID | None = None,
    levels: Sequence[str] = ABOVE,
) -> None:
    of: UUID = entry_id or row.id
    told = {"id": of, "what": what, "at": clock.now()}
    if (await session.execute(_TELL, told)).one_or_none() is None:
        return
    if side is Side.CENTRE:
        found = await session.execute(_CENTRE, {"facility": row.facility_id, "at": clock.now()})
    else:
        above = {"region": row.region_id, "at": clock.now(), "levels": list(levels)}
        found = await session.execute(_ABOVE, above)
    people = {*more, *(PersonId(one.id) for one in found)}
    if people:
        await notify_people(
            session,
            clock,
            case_id=CaseId(of),
            kind=f"assessment.{kind}",
            data={"assessment_id": of},
            person_ids=people,
        )
