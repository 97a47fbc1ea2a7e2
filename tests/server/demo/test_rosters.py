"""The demo's rosters: published through the commands, with leave and a plan that has a gap."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from duty.rosters import gaps, repository
from duty.rosters.plans import queries
from duty.rosters.plans.states import PlanState
from kernel.clock import SimulatedClock
from kernel.ids import FacilityId
from kernel.sealing import Sealer
from server.demo.region import PLACES
from server.demo.rosters import extend_rosters
from server.demo.seed import SEED, seed
from tests.fixtures.database import Clone

NOW = datetime(2026, 11, 26, 7, tzinfo=UTC)
DAY = timedelta(days=1)


async def test_the_region_is_on_duty_and_a_plan_waits(database: Clone) -> None:
    clock = SimulatedClock(NOW)
    assert await seed(database.system, clock, Sealer(b"k" * 32), b"k" * 32, 7)
    async with database.system.session(SEED) as session:
        rows = await session.execute(text("SELECT id, code FROM facility"))
        houses = {row.code: FacilityId(row.id) for row in rows}
        for facility in PLACES.facilities:
            assert await gaps.coming(session, houses[facility.code], NOW) == [], facility.code
        centre = houses["YJ001"]
        for day in (-5, 0, 1, 20, 35):
            roster = await repository.roster(session, centre, NOW + day * DAY)
            assert not any(answer.is_gap for answer in roster), day
        waiting = await queries.plans(session, SEED, centre, PlanState.SUBMITTED, None)
        assert [plan.name for plan in waiting] == ["1月排班"]
        shown = await queries.plan(session, SEED, waiting[0].id, NOW)
        assert [finding.kind for finding in shown.findings] == ["gap"]
        assert await extend_rosters(session, clock, SEED) == 0
        later = SimulatedClock(NOW + 20 * DAY)
        assert await extend_rosters(session, later, SEED) > 0
        assert await gaps.coming(session, houses["LJ001"], NOW + 30 * DAY) == []
