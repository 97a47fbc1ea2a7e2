"""Reminds of reviews and measures before they are due, and again until they are done.

Called by the engine. Rows that another engine holds are skipped; what has made-up time is left to
clocks with made-up time.
"""

from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.database import Database
from kernel.viewer import Viewer
from quality.reviews import measures, telling
from quality.reviews.rules import RULES

ENGINE: Final = Viewer.system("engine")
BATCH: Final = 50

_REVIEW = text(
    "SELECT * FROM case_review WHERE remind_at <= :now AND simulated = :simulated"
    " ORDER BY remind_at LIMIT 1 FOR UPDATE SKIP LOCKED"
)
_MEASURE = text(
    "SELECT m.* FROM review_measure m JOIN case_review r ON r.id = m.review_id"
    " WHERE m.remind_at <= :now AND r.simulated = :simulated"
    " ORDER BY m.remind_at LIMIT 1 FOR UPDATE OF m SKIP LOCKED"
)
_REVIEW_NEXT = text(
    "UPDATE case_review SET remind_at = :next, reminders = reminders + 1 WHERE id = :id"
)
_MEASURE_NEXT = text(
    "UPDATE review_measure SET remind_at = :next, reminders = reminders + 1 WHERE id = :id"
)
_CHAIR = text(
    "SELECT person_id FROM review_member WHERE review_id = :id AND chair AND removed_at IS NULL"
)


async def run_due(database: Database, clock: Clock) -> bool:
    """Send every reminder that is due, one transaction each. True if there may be more."""
    done = 0
    while done < BATCH and await _one(database, clock):
        done += 1
    return done == BATCH


async def _one(database: Database, clock: Clock) -> bool:
    async with database.session(ENGINE) as session:
        values = {"now": clock.now(), "simulated": clock.simulated}
        review = (await session.execute(_REVIEW, values)).one_or_none()
        if review is not None:
            await _of_review(session, clock, review)
            return True
        measure = (await session.execute(_MEASURE, values)).one_or_none()
        if measure is not None:
            await _of_measure(session, clock, measure)
            return True
    return False


async def _of_review(session: AsyncSession, clock: Clock, row: Row[Any]) -> None:
    now = clock.now()
    overdue = now >= row.due_at
    following = RULES.reminders.next(now, row.due_at)
    await session.execute(_REVIEW_NEXT, {"id": row.id, "next": following})
    facts: dict[str, object] = {"due_at": row.due_at, "overdue": overdue}
    await telling.say(session, clock, ENGINE, row.id, telling.REMINDED, facts)
    kind = "case_review.overdue" if overdue else "case_review.due_soon"
    who = await telling.conveners(session, clock, row.facility_id)
    await telling.tell(session, clock, row.id, kind, who, due_at=row.due_at.isoformat())
    # A panel has no dates, whoever chairs it included: what is due tells when she died.
    chair = set((await session.execute(_CHAIR, {"id": row.id})).scalars()) - who
    await telling.tell(session, clock, row.id, kind, chair)


async def _of_measure(session: AsyncSession, clock: Clock, row: Row[Any]) -> None:
    now, due_at = clock.now(), measures.end_of(row.due_on)
    overdue = now >= due_at
    following = RULES.reminders.next(now, due_at)
    await session.execute(_MEASURE_NEXT, {"id": row.id, "next": following})
    facts: dict[str, object] = {"measure_id": row.id, "overdue": overdue}
    await telling.say(session, clock, ENGINE, row.review_id, telling.REMINDED, facts)
    kind = "case_review.measure_overdue" if overdue else "case_review.measure_due_soon"
    due_on = row.due_on.isoformat()
    await telling.tell(session, clock, row.review_id, kind, {row.owner_id}, due_on=due_on)
