"""The demo's county handed in what was due, some of it late, and drilled; one plan is open."""

from kernel.clock import SystemClock
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from quality.actions import queries as actions
from quality.exercises import queries as exercises
from quality.obligations import queries
from server.demo.cast import Cast
from server.demo.exercises import tell_exercises
from server.demo.returns import tell_returns
from server.demo.seed import seed
from tests.fixtures.database import Clone

MASTER = b"m" * 32


async def test_returns_are_told_once(database: Clone) -> None:
    clock, sealer = SystemClock(), Sealer(MASTER)
    await seed(database.system, clock, sealer, MASTER, history_days=0)
    assert await tell_exercises(database.app, clock.now())
    assert not await tell_exercises(database.app, clock.now())
    assert await tell_returns(database.app, clock.now(), sealer)
    assert not await tell_returns(database.app, clock.now(), sealer)
    async with database.system.session(Viewer.system("test")) as session:
        cast = await Cast.load(session)
    doctor = cast.at("LJ001", "doctor")
    async with database.app.session(doctor) as session:
        (unit,) = (await queries.board(session, clock, doctor)).units
        drills = {one.kind: one.state for one in await exercises.exercises(session, doctor)}
        assert drills == {"skills": "debriefed", "emergency": "planned"}
        assert len(await actions.open_ones(session, clock, doctor)) == 2
    standings = {one.standing for one in unit.owed if one.obligation == "self_analysis"}
    assert standings == {"done", "due"}
    assert "done_late" in {one.standing for one in unit.owed}
