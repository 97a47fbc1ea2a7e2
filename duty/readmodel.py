"""What other packages read about pages, without touching the tables."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# A person rung at several steps or by several pages counts once per case, at the furthest state.
_REACH = text(
    """
    WITH furthest AS (
      SELECT DISTINCT ON (case_id, person_id) case_id, person_id, state FROM page_target
       WHERE case_id = ANY(:cases)
       ORDER BY case_id, person_id, array_position(ARRAY['acknowledged', 'declined', 'seen',
                'delivered', 'sent', 'queued', 'unreachable'], state)
    )
    SELECT case_id, state, count(*) AS people FROM furthest GROUP BY case_id, state
    """
)


@dataclass(frozen=True, slots=True)
class ReachCounts:
    """How many of the people rung for a case are how far; each counts once."""

    sent: int = 0
    delivered: int = 0
    seen: int = 0
    acknowledged: int = 0
    declined: int = 0
    unreachable: int = 0


async def reach(session: AsyncSession, case_ids: Collection[UUID]) -> dict[UUID, ReachCounts]:
    """Reach of each case that anybody was rung for; one still queued counts as sent by nobody."""
    if not case_ids:
        return {}
    counts: dict[UUID, dict[str, int]] = {}
    for row in await session.execute(_REACH, {"cases": list(case_ids)}):
        if row.state != "queued":
            counts.setdefault(row.case_id, {})[row.state] = row.people
    return {case_id: ReachCounts(**found) for case_id, found in counts.items()}
