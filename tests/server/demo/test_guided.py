"""The region was guided before: what is counted is computed from heartbeats."""

from sqlalchemy import text

from consult.guidance import queries as guidance
from kernel.clock import SystemClock
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from server.demo.cast import Cast
from server.demo.guided import tell_guided
from server.demo.seed import seed
from tests.fixtures.database import Clone

MASTER = b"m" * 32
COUNTED = text("SELECT count(*) FROM fact_guidance_now WHERE demo AND upper_tier AND in_area")


async def test_guidance_is_told_once(database: Clone) -> None:
    clock = SystemClock()
    await seed(database.system, clock, Sealer(MASTER), MASTER, history_days=0)
    assert await tell_guided(database.app, clock.now())
    assert not await tell_guided(database.app, clock.now())
    async with database.system.session(Viewer.system("test")) as session:
        cast = await Cast.load(session)
        assert (await session.execute(COUNTED)).scalar_one() == 3
    doctor = cast.at("LJ001", "doctor")
    async with database.app.session(doctor) as session:
        over = await guidance.sessions(session, doctor, "done")
        assert [one.counted for one in over] == [True] * 3
        assert len(await guidance.sessions(session, doctor, "open")) == 1
