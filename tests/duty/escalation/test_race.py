"""An answer against the escalation: one winner each time, and no new step after a committed yes.

`YUNSHANG_RACES` sets the number of trials; here as many as fit beside the other tests.
"""

import asyncio
import os

from sqlalchemy import text

from duty.escalation import service
from duty.escalation.engine import EscalationEngine
from duty.rosters.oncall import DutyTier
from kernel.ids import PageId
from tests.duty.region import SEEDER, Region

TRIALS = int(os.environ.get("YUNSHANG_RACES", "120"))
AT_ONCE = 8

_LATE = text(
    """
    SELECT count(*) FROM escalation e JOIN page_target t ON t.page_id = e.page_id
     WHERE e.state = 'acknowledged' AND t.queued_at > e.ended_at
    """
)
_ENDS = text(
    """
    SELECT count(*) FILTER (WHERE state = 'acknowledged') AS won,
           count(*) FILTER (WHERE step = 0) AS before,
           count(*) FILTER (WHERE step = 1) AS after, count(*) AS pages
      FROM escalation
    """
)
_WINNERS = text(
    "SELECT count(*) FROM case_event WHERE kind = 'page.acknowledged'"
    " GROUP BY case_id HAVING count(*) <> 1"
)


async def test_an_answer_racing_the_escalation_has_one_winner(region: Region) -> None:
    await region.policy(0, 600, 600)
    engines = [EscalationEngine(region.clone.system, region.clock) for _ in range(2)]
    expert = region.experts[DutyTier.FIRST]

    async def answer(page_id: PageId, pause_s: float) -> None:
        await asyncio.sleep(pause_s)
        async with region.clone.app.session(expert) as session:
            await service.acknowledge(session, region.clock, expert, page_id)

    async def climb(engine: EscalationEngine, pause_s: float) -> None:
        await asyncio.sleep(pause_s)
        await engine.run_once()

    for trial in range(0, TRIALS, AT_ONCE):
        pages = [await region.page() for _ in range(min(AT_ONCE, TRIALS - trial))]
        async with region.clone.system.session(SEEDER) as session:
            await session.execute(
                text(
                    "UPDATE escalation SET next_due_at = clock_timestamp()"
                    " WHERE page_id = ANY(:pages)"
                ),
                {"pages": pages},
            )
        # Before, among and after each other: both sides start at many distances.
        await asyncio.gather(
            *(answer(page, (n + trial) % 7 * 0.004) for n, page in enumerate(pages)),
            *(climb(engine, (n * 5 + trial) % 9 * 0.002) for n, engine in enumerate(engines)),
        )
        for engine in engines:
            await engine.run_once()
    async with region.clone.system.session(SEEDER) as session:
        ends = (await session.execute(_ENDS)).one()
        late = (await session.execute(_LATE)).scalar_one()
        disputed = (await session.execute(_WINNERS)).all()
    assert ends.won == ends.pages == TRIALS
    assert ends.before + ends.after == TRIALS
    assert ends.before > 0
    assert ends.after > 0
    assert late == 0
    assert disputed == []
