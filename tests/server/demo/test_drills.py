"""The region has drilled before: the league table is not empty, and nobody was rung for it."""

from datetime import timedelta

from sqlalchemy import text

from duty.drills import queries
from kernel.clock import SystemClock
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from server.demo.drills import tell_drills
from server.demo.seed import seed
from tests.fixtures.database import Clone

MASTER = b"m" * 32


async def test_past_drills_are_told_once_and_fill_the_league(database: Clone) -> None:
    clock = SystemClock()
    await seed(database.system, clock, Sealer(MASTER), MASTER, history_days=0)
    told = await tell_drills(database.system, clock.now(), 5)
    assert told > 1
    assert await tell_drills(database.system, clock.now(), 5) == 0
    async with database.system.session(Viewer.system("test")) as session:
        league = await queries.league(session, clock.now() - timedelta(days=62))
        assert sum(row.drills for row in league) == told
        assert all(row.tally.people > 0 for row in league)
        assert any(row.tally.median_s is not None for row in league)
        rung = await session.execute(
            text(
                "SELECT 1 FROM page_message m JOIN page p ON p.id = m.page_id"
                " WHERE p.event = 'drill.called'"
            )
        )
        assert rung.first() is None
