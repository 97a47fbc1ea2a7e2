"""When a case's clocks must be looked at again: written in the transaction that moves a clock.

A watch only says when to look. What is late, and which step of the ladder comes, is read from the
chain at that moment: a watch that has become idle changes nothing, two engines fire nothing twice.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.chain.history import history
from kernel.ids import CaseId
from referral.clocks.marks import course_of, sets_for
from referral.clocks.milestones import ENDING, UNDONE, milestone_of
from referral.clocks.rules import Reading, readings

_FORGET = text("DELETE FROM clock_watch WHERE case_id = :case_id")
_WATCH = text(
    "INSERT INTO clock_watch (case_id, set_code, interval, step, due_at)"
    " VALUES (:case_id, :set_code, :interval, :step, :due_at)"
)


def moves_clocks(kind: str) -> bool:
    """Whether an event of this kind may start, stop or end a clock."""
    return milestone_of(kind) is not None or kind in ENDING or kind in (UNDONE, "amend")


async def read_clocks(session: AsyncSession, case_id: CaseId, now: datetime) -> tuple[Reading, ...]:
    """The case's clocks as its chain has them."""
    events = await history(session, case_id)
    folded, course = course_of(events)
    return tuple(readings(course, sets_for(folded, now), now))


async def rewatch(session: AsyncSession, case_id: CaseId, now: datetime) -> None:
    """Write down anew when each running clock's ladder climbs next."""
    await watch(session, case_id, await read_clocks(session, case_id, now))


async def watch(session: AsyncSession, case_id: CaseId, clocks: Sequence[Reading]) -> None:
    """Replace the case's watches by those of `clocks`."""
    await session.execute(_FORGET, {"case_id": case_id})
    rows = [
        {
            "case_id": case_id,
            "set_code": reading.set.code,
            "interval": reading.code,
            "step": reading.climb.number,
            "due_at": reading.climb.at,
        }
        for reading in clocks
        if reading.climb is not None
    ]
    if rows:
        await session.execute(_WATCH, rows)
