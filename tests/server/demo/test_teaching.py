"""The region was taught before: what is verified is computed from heartbeats and checks."""

from datetime import timedelta

from consult.training import queries as training
from kernel.clock import SystemClock
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from server.demo.cast import Cast
from server.demo.seed import seed
from server.demo.teaching import tell_teaching
from tests.fixtures.database import Clone

MASTER = b"m" * 32


async def test_a_course_is_told_once(database: Clone) -> None:
    clock = SystemClock()
    await seed(database.system, clock, Sealer(MASTER), MASTER, history_days=0)
    assert await tell_teaching(database.app, clock.now())
    assert not await tell_teaching(database.app, clock.now())
    async with database.system.session(Viewer.system("test")) as session:
        cast = await Cast.load(session)
    doctor = cast.at("LJ001", "doctor")
    async with database.app.session(doctor) as session:
        (course,) = await training.courses(session, doctor, "current")
        assert (course.attended, course.passed) == (1, True)
        detail = await training.one(session, clock, doctor, course.id)
    assert detail.may_certify
    assert detail.classes[1].starts_at > clock.now() + timedelta(hours=1)
    other = cast.at("YJ002", "expert")
    async with database.app.session(other) as session:
        (course,) = await training.courses(session, other, "mine")
    assert (course.attended, course.passed) == (0, False)
