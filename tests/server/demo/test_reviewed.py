"""A region with history has reviews: one with measures, others to be taken up."""

from kernel.clock import SystemClock
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from quality.reviews import queries
from server.demo.cast import Cast
from server.demo.history import tell_history
from server.demo.reviewed import propose_reviews, tell_reviewed
from server.demo.seed import seed
from tests.fixtures.database import Clone

MASTER = b"m" * 32
DAYS = 14


async def test_reviews_are_told_once(database: Clone) -> None:
    clock, sealer = SystemClock(), Sealer(MASTER)
    await seed(database.system, clock, sealer, MASTER, history_days=0)
    assert await propose_reviews(database.system, clock.now()) == 0
    assert not await tell_reviewed(database.app, sealer, clock.now())
    await tell_history(database.app, clock.now(), sealer, DAYS)
    assert await propose_reviews(database.system, clock.now()) >= 2
    assert await propose_reviews(database.system, clock.now()) == 0
    assert await tell_reviewed(database.app, sealer, clock.now())
    assert not await tell_reviewed(database.app, sealer, clock.now())
    async with database.system.session(Viewer.system("test")) as session:
        cast = await Cast.load(session)
    states: set[str] = set()
    for one in cast.viewers.values():
        async with database.app.session(one) as session:
            states |= {found.state for found in await queries.reviews(session, clock, one, "open")}
    assert states == {"acting", "proposed"}
