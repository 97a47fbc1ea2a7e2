"""Two rescues run when the region opens: a bleeding woman's clock, and one guided in place."""

from sqlalchemy import text

from kernel.chain.export import read_export
from kernel.chain.verify import verify
from kernel.clock import SimulatedClock, SystemClock
from kernel.ids import CaseId
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from referral.clocks.queries import case_clock
from referral.queries.case import referral
from server.demo.cast import Cast
from server.demo.running import STORIES, tell_running
from server.demo.seed import seed
from tests.fixtures.database import Clone

MASTER = b"m" * 32


async def test_the_clocks_run_and_ask_and_one_is_guided(database: Clone) -> None:
    clock, sealer = SystemClock(), Sealer(MASTER)
    await seed(database.system, clock, sealer, MASTER, history_days=0)
    now = clock.now()
    assert await tell_running(database.app, now, sealer) == len(STORIES)
    assert await tell_running(database.app, now, sealer) == 0
    async with database.system.session(Viewer.system("test")) as session:
        doctor = (await Cast.load(session)).viewers["lj001.doctor"]
        rows = await session.execute(text("SELECT condition, id FROM referral"))
        cases = {name: CaseId(id_) for name, id_ in rows.tuples()}
    async with database.system.session(Viewer.system("test")) as session:
        report = verify(await read_export(session))
        assert report.ok, report.findings[:3]
    async with database.app.session(doctor) as session:
        bleeding = await case_clock(session, SimulatedClock(now), doctor, cases["pph"])
        guided = await referral(session, SimulatedClock(now), doctor, sealer, cases["eclampsia"])
    running = {one.code: one for one in bleeding.clocks}
    assert running["pph_to_control"].state == "running"
    late = running["request_to_first_acknowledgement"]
    assert (late.overdue, [reason.code for reason in late.delays]) == (True, ["no_answer"])
    asked = {one.records for one in bleeding.prompts if one.ask_at <= now}
    assert {"blood_requested", "first_dose_tranexamic_acid"} <= asked
    assert guided.guidance is not None
    assert [entry.what for entry in guided.guidance.entries] == [
        "begun",
        "continue",
        "continue",
        "lead",
    ]
    assert guided.guidance.review_due_at is not None
    assert guided.guidance.review_due_at > now
    assert guided.guidance.teams[0].reports[-1].place == "高速临江出口"
