"""Women who nearly died in the year of the returns: pages of that year have both their parts."""

from sqlalchemy import text

from kernel.clock import SystemClock
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from quality import indicators
from quality.schemas import ShareValue
from registry.facilities.rules import local_date
from server.demo.cast import Cast
from server.demo.files import bring_files, year_ends
from server.demo.reviewed import propose_reviews
from server.demo.seed import seed
from server.demo.severe import WHAT, tell_severe
from tests.fixtures.database import Clone
from tests.server.demo.test_files import MASTER, year_to

PLACED = text(
    "SELECT f.code, c.severe_outcome FROM fact_case c JOIN facility f ON f.id = c.treating"
    " ORDER BY f.code, c.opened_at"
)


async def test_the_year_of_the_returns_has_near_misses(database: Clone) -> None:
    clock, sealer = SystemClock(), Sealer(MASTER)
    await seed(database.system, clock, sealer, MASTER, history_days=0)
    today = local_date(clock.now())
    await bring_files(database.app, today)
    assert await tell_severe(database.app, clock.now(), sealer) == len(WHAT)
    assert await tell_severe(database.app, clock.now(), sealer) == 0
    year = year_to(year_ends(today)[0])
    async with database.system.session(Viewer.system("test")) as session:
        officer = (await Cast.load(session)).at("YL003", "officer")
    async with database.app.session(officer) as session:
        ratio = await indicators.detail(session, year, "with", "near_miss_ratio")
        index = await indicators.detail(session, year, "with", "near_miss_mortality_index")
        placed = [(one.code, one.severe_outcome) for one in await session.execute(PLACED)]
    assert placed == [(house, "near_miss") for house, *_ in sorted(WHAT, key=lambda one: one[0])]
    births = ratio.indicator.value
    assert isinstance(births, ShareValue)
    assert births.n == len(WHAT)
    assert births.of > 10_000
    died = index.indicator.value
    assert isinstance(died, ShareValue)
    assert (died.n, died.of) == (0, len(WHAT))
    # They were reviewed before the region opened.
    assert await propose_reviews(database.system, clock.now()) == 0
