"""What followed the told cases: of each kind one, where the demo is long enough."""

from sqlalchemy import text

from kernel.clock import SystemClock
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from server.demo.afterwards import FULL_WEEK, LATELY, after_all
from server.demo.history import tell_history
from server.demo.seed import seed
from tests.fixtures.database import Clone

MASTER = b"m" * 32


def test_short_demos_leave_nothing_open() -> None:
    assert after_all(list(range(FULL_WEEK - 1))) == {}
    found = after_all(list(range(20)))
    assert set(found.values()) == set(LATELY.values())
    assert found[18] == "owed"
    assert 19 not in found


async def test_a_week_shows_one_of_each(database: Clone) -> None:
    clock, sealer = SystemClock(), Sealer(MASTER)
    await seed(database.system, clock, sealer, MASTER, history_days=0)
    assert await tell_history(database.app, clock.now(), sealer, 9) == 18
    async with database.system.session(Viewer.system("test")) as session:

        async def count(what: str) -> int:
            return int((await session.execute(text(f"SELECT count(*) FROM {what}"))).scalar_one())

        assert await count("referral WHERE state = 'handed_over'") == 1
        assert await count("referral WHERE state = 'died' AND frozen_at IS NOT NULL") == 1
        assert await count("death_review_step WHERE reported_at IS NULL") == 3
        assert await count("near_miss_proposal") == 3
        assert await count("near_miss_verdict WHERE verdict = 'confirmed'") == 2
        assert await count("referral WHERE direction = 'back'") == 1
        assert await count("referral WHERE state = 'closed' AND feedback_read_at IS NULL") == 1
