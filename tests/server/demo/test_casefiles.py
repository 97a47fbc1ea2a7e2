"""The demo's case files stand in every state; the confidential list has two months."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from kernel.chain.export import read_export
from kernel.chain.verify import verify
from kernel.clock import SystemClock
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from server.demo.casefiles import STORIES, tell_files, tell_overdue
from server.demo.seed import seed
from server.demo.special import tell_special
from tests.fixtures.database import Clone

MASTER = b"m" * 32
TOLD = (
    "casefile.task_overdue",
    "casefile.handover_accepted",
    "casefile.plan_agreed",
    "casefile.closed",
)


@pytest.fixture
async def told(database: Clone) -> Clone:
    """The region with its files told once, and once more."""
    clock, sealer = SystemClock(), Sealer(MASTER)
    await seed(database.system, clock, sealer, MASTER, history_days=0)
    assert await tell_files(database.app, clock.now(), sealer) == len(STORIES)
    assert await tell_files(database.app, clock.now(), sealer) == 0
    assert await tell_special(database.app, clock.now(), sealer)
    assert not await tell_special(database.app, clock.now(), sealer)
    await tell_overdue(database.system, clock.now() + timedelta(minutes=1))
    return database


async def test_every_state_is_shown_and_the_chains_are_clean(told: Clone) -> None:
    async with told.system.session(Viewer.system("test")) as session:
        rows = await session.execute(text("SELECT state, count(*) FROM case_file GROUP BY state"))
        assert dict(rows.tuples().all()) == {
            "opened": 1,
            "planned": 1,
            "agreed": 3,
            "closed": 1,
        }
        kinds = set((await session.execute(text("SELECT kind FROM case_event"))).scalars())
        assert set(TOLD) <= kinds
        lists = await session.execute(text("SELECT state FROM special_list ORDER BY month"))
        assert list(lists.scalars()) == ["submitted", "draft"]
    async with told.system.session(Viewer.system("test")) as session:
        report = verify(await read_export(session))
        assert report.ok, report.findings[:3]


async def test_a_woman_measures_at_home(told: Clone) -> None:
    async with told.system.session(Viewer.system("test")) as session:
        rows = await session.execute(
            text("SELECT code, count(*) FROM observation WHERE source = 'home' GROUP BY code")
        )
        home = dict(rows.tuples().all())
    assert home == dict.fromkeys(("sbp_mmhg", "dbp_mmhg", "hr_per_min", "fhr_bpm"), 6)
