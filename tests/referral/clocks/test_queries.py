"""A case's clocks as shown: running, stopped, late; prompts; equal to the indicators."""

from datetime import timedelta

import pytest

from kernel.clock import SimulatedClock, SystemClock
from kernel.errors import NotFound
from kernel.ids import CaseId
from referral.clocks.queries import case_clock
from referral.clocks.schemas import ClockOut
from tests.fixtures.database import Clone
from tests.quality.cases import MORNING, SYSTEM, Step, county_of, write_case, write_steps
from tests.registry.world import World, build


@pytest.fixture(scope="module")
async def world(module_database: Clone) -> World:
    return await build(module_database.system)


@pytest.fixture
def database(module_database: Clone) -> Clone:
    """One database for the file: each test has cases of its own."""
    return module_database


async def case_of(database: Clone, world: World, *steps: Step) -> CaseId:
    async with database.system.session(SYSTEM) as session:
        return await write_case(session, county_of(world), *steps)


async def clocks(
    database: Clone, case_id: CaseId, minutes: float
) -> tuple[dict[str, ClockOut], bool]:
    """The case's clocks as they stand so many minutes after the request."""
    now = SimulatedClock(MORNING + timedelta(minutes=minutes))
    async with database.system.session(SYSTEM) as session:
        found = await case_clock(session, now, SYSTEM, case_id)
    assert found.server_time == now.now()
    return {entry.code: entry for entry in found.clocks}, found.ended


async def test_a_clock_runs_stops_and_says_when_it_is_overdue(
    database: Clone, world: World
) -> None:
    case_id = await case_of(database, world, ("page.acknowledged", 2))
    found, ended = await clocks(database, case_id, 5)
    assert not ended
    first = found["request_to_first_acknowledgement"]
    assert (first.state, first.elapsed_s, first.overdue) == ("stopped", 120, False)
    accept = found["request_to_accept"]
    assert (accept.state, accept.elapsed_s, accept.overdue) == ("running", None, False)
    assert accept.due_at == MORNING + timedelta(minutes=10)
    assert accept.target is not None
    assert accept.target.to_be_verified
    assert "accept_to_departure" not in found
    found, _ = await clocks(database, case_id, 10.1)
    assert found["request_to_accept"].overdue
    async with database.system.session(SYSTEM) as session:
        await write_steps(session, case_id, ("offer.accepted", 12))
    found, _ = await clocks(database, case_id, 30)
    accept = found["request_to_accept"]
    assert (accept.state, accept.elapsed_s, accept.overdue) == ("stopped", 720, True)
    assert found["accept_to_departure"].state == "running"


async def test_no_clock_runs_on_after_the_end(database: Clone, world: World) -> None:
    case_id = await case_of(database, world, ("referral.cancelled", 3))
    found, ended = await clocks(database, case_id, 60)
    assert ended
    accept = found["request_to_accept"]
    assert (accept.state, accept.overdue) == ("abandoned", None)


async def test_an_impossible_order_shows_no_duration(database: Clone, world: World) -> None:
    case_id = await case_of(database, world, ("offer.accepted", -2))
    found, _ = await clocks(database, case_id, 5)
    accept = found["request_to_accept"]
    assert (accept.state, accept.elapsed_s, accept.overdue) == ("inconsistent", None, None)


async def test_only_the_clock_of_the_decided_urgency_runs(database: Clone, world: World) -> None:
    decision: Step = ("milestone.decision_for_cs", 4, {"urgency_class": 2})
    case_id = await case_of(database, world, decision)
    found, _ = await clocks(database, case_id, 5)
    assert "ddi_category_1" not in found
    assert found["ddi_category_2"].due_at == MORNING + timedelta(minutes=4 + 75)


async def test_clock_and_indicator_agree(database: Clone, world: World) -> None:
    from quality import indicators
    from quality.handbook import versions
    from quality.repository import Scope

    async with database.system.session(SYSTEM) as session:
        await versions.install_shipped(session)
    case_id = await case_of(database, world, ("page.acknowledged", 1), ("offer.accepted", 7.5))
    found, _ = await clocks(database, case_id, 60)
    scope = Scope(MORNING - timedelta(days=1), MORNING + timedelta(days=1))
    async with database.system.session(SYSTEM) as session:
        for code in ("request_to_first_acknowledgement", "request_to_accept"):
            behind = (await indicators.behind(session, scope, "with", code)).cases
            (case,) = [entry for entry in behind if entry.case_id == case_id]
            assert case.seconds == found[code].elapsed_s


async def test_a_foreign_case_has_no_clock(database: Clone, world: World) -> None:
    case_id = await case_of(database, world)
    async with database.app.session(world.outsider) as session:
        with pytest.raises(NotFound):
            await case_clock(session, SystemClock(), world.outsider, case_id)
