"""Whether the steps of a page rang when they were due: no sooner, once each, and not much later."""

from collections.abc import Iterable, Mapping, Sequence

import asyncpg

LATE_S = 2.0
"""A step that rings so long after it was due was held up."""

_STEPS = """
SELECT p.id::text AS page_id, t.step, extract(epoch FROM min(t.queued_at))::float8 AS at
  FROM unnest($1::uuid[]) AS p (id) JOIN page_target t ON t.page_id = p.id
 GROUP BY 1, 2 ORDER BY 1, 2
"""

Steps = Mapping[str, Mapping[int, float]]
"""Page id to step to the wall clock's second when it rang."""


async def steps(url: str, pages: Iterable[object]) -> Steps:
    """When each step of these pages rang, by the database's clock."""
    wanted = list(pages)
    found: dict[str, dict[int, float]] = {str(page): {} for page in wanted}
    connection = await asyncpg.connect(url)
    try:
        for row in await connection.fetch(_STEPS, wanted):
            found[row["page_id"]][row["step"]] = row["at"]
    finally:
        await connection.close()
    return found


def wrong_moments(steps: Steps, gaps_s: Sequence[float | None]) -> list[str]:
    """Steps that rang before they were due, long after it, or never.

    Args:
        gaps_s: from step 0 to step 1, from 1 to 2 and so on, the last from then on; a page must
            get as far as the first of them. None: whatever it was.
    """
    found = []
    for page, rang in steps.items():
        if 1 not in rang:
            found.append(f"page {page} never came to its second step")
        for step in sorted(rang)[1:]:
            due_s = gaps_s[min(step, len(gaps_s)) - 1]
            taken = rang[step] - rang.get(step - 1, rang[step])
            if due_s is not None and not due_s - 0.01 <= taken < due_s + LATE_S:
                found.append(f"page {page} rang step {step} after {taken:.2f} s, due {due_s:g} s")
    return found
