"""The course of one case: both clocks, names, amendments, running clocks, proof."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kernel.chain import amend, append
from kernel.chain.append import DeviceTime
from kernel.chain.checkpoint import ChainCheckpointer, CheckpointFile
from kernel.chain.merkle import leaf_hash, root_from_path
from kernel.chain.signing import Signer
from kernel.clock import SimulatedClock, SystemClock
from kernel.errors import NotFound
from kernel.ids import CaseId, FacilityId, PersonId, new_id
from kernel.viewer import Role, Viewer
from quality import course
from quality.schemas import ClockOut
from registry.people.service import Grant
from tests.fixtures.database import Clone
from tests.quality.cases import MORNING, SYSTEM, Step, county_of, write_case, write_steps
from tests.registry.world import World, account, build


@pytest.fixture(scope="module")
async def world(module_database: Clone) -> World:
    return await build(module_database.system)


@pytest.fixture
def database(module_database: Clone) -> Clone:
    """One database for the file: each test has cases of its own."""
    return module_database


async def named(database: Clone, world: World, facility: FacilityId, login: str) -> Viewer:
    """A clinician who exists in the registry."""
    grant = Grant(Role.REFERRING_CLINICIAN, facility_id=facility)
    person, _ = await account(database.system, world.clock, login, facility, grant)
    return replace(world.doctor, person_id=person)


async def clocks(
    database: Clone, case_id: CaseId, minutes: float
) -> tuple[dict[str, ClockOut], bool]:
    """The case's clocks as they stand so many minutes after the request."""
    now = SimulatedClock(MORNING + timedelta(minutes=minutes))
    async with database.system.session(SYSTEM) as session:
        found = await course.case_clock(session, now, case_id)
    assert found.server_time == now.now()
    return {entry.code: entry for entry in found.clocks}, found.ended


async def case_of(database: Clone, world: World, *steps: Step) -> CaseId:
    async with database.system.session(SYSTEM) as session:
        return await write_case(session, county_of(world), *steps)


async def test_a_timeline_shows_who_when_by_which_clock_and_what_was_corrected(
    database: Clone, world: World
) -> None:
    viewer = await named(database, world, world.county_hospital, "lin")
    second = await named(database, world, world.county_hospital, "chen")
    case_id = await case_of(database, world)
    clock = SystemClock()
    device = DeviceTime(clock.now() - timedelta(seconds=30), clock_offset_ms=5_000, rtt_ms=80)
    async with database.app.session(viewer) as session:
        await append(
            session,
            clock,
            case_id,
            "leg.arrived",
            viewer=viewer,
            payload={"gate": "北门"},
            auto=True,
            source="device",
            device=device,
        )
        await amend(
            session,
            clock,
            case_id,
            2,
            viewer=viewer,
            reason="登记有误",
            second_person=PersonId(second.person_id),
            changes={"gate": "南门"},
        )
        found = await course.timeline(session, case_id)
    request, arrival, amendment = found.events
    assert (found.demo, found.drill, found.voided) == (True, False, False)
    assert (request.milestone, request.simulated, request.actor) == ("request", True, None)
    assert arrival.actor is not None
    assert (arrival.actor.name, arrival.auto, arrival.source) == ("测试lin", True, "device")
    assert arrival.facility is not None
    assert arrival.facility.short_name == "石桥县医"
    assert (arrival.device_at, arrival.clock_offset_ms, arrival.rtt_ms) == (device.at, 5_000, 80)
    assert arrival.clocks_differ
    assert (arrival.original, arrival.payload) == ({"gate": "北门"}, {"gate": "南门"})
    (correction,) = arrival.amendments
    assert correction.second_person is not None
    assert (correction.seq, correction.second_person.name) == (amendment.seq, "测试chen")


async def test_a_device_within_two_seconds_agrees(database: Clone, world: World) -> None:
    case_id, clock = await case_of(database, world), SystemClock()
    async with database.system.session(SYSTEM) as session:
        for offset in (9_000, 0):
            device = DeviceTime(clock.now() - timedelta(seconds=9), offset)
            await append(
                session, clock, case_id, "leg.arrived", viewer=SYSTEM, payload={}, device=device
            )
        _, agrees, differs = (await course.timeline(session, case_id)).events
    assert (agrees.clocks_differ, differs.clocks_differ) == (False, True)


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
    from quality.repository import Scope

    case_id = await case_of(database, world, ("page.acknowledged", 1), ("offer.accepted", 7.5))
    found, _ = await clocks(database, case_id, 60)
    scope = Scope(MORNING - timedelta(days=1), MORNING + timedelta(days=1))
    async with database.system.session(SYSTEM) as session:
        for code in ("request_to_first_acknowledgement", "request_to_accept"):
            behind = (await indicators.behind(session, scope, "with", code)).cases
            (case,) = [entry for entry in behind if entry.case_id == case_id]
            assert case.seconds == found[code].elapsed_s


async def test_a_proof_can_be_checked_without_us(
    database: Clone, world: World, tmp_path: Path
) -> None:
    case_id = await case_of(database, world, ("offer.accepted", 5))
    async with database.system.session(SYSTEM) as session:
        waiting = await course.proof(session, case_id, None)
    assert (waiting.seq, waiting.leaf_no, waiting.checkpoint) == (2, None, None)
    signer = Signer.load_or_create(tmp_path)
    await ChainCheckpointer(
        database.system, signer, CheckpointFile(tmp_path / "checkpoints.jsonl")
    ).sign()
    async with database.system.session(SYSTEM) as session:
        await write_steps(session, case_id, ("leg.departed", 20))
        found = await course.proof(session, case_id, None)
        first = await course.proof(session, case_id, 1)
        with pytest.raises(NotFound):
            await course.proof(session, case_id, 9)
    assert (found.seq, first.seq) == (2, 1)
    assert found.checkpoint is not None
    assert found.leaf_no is not None
    root = root_from_path(
        found.leaf_no,
        found.checkpoint.size,
        leaf_hash(bytes.fromhex(found.event_hash)),
        [bytes.fromhex(node) for node in found.path],
    )
    assert root == bytes.fromhex(found.checkpoint.root)
    line = (tmp_path / "checkpoints.jsonl").read_text().splitlines()[-1]
    assert found.checkpoint.line == line
    assert found.public_key_pem == (tmp_path / "checkpoint.pub").read_text()


async def test_a_foreign_case_is_not_found(database: Clone, world: World) -> None:
    case_id = await case_of(database, world)
    async with database.app.session(world.outsider) as session:
        with pytest.raises(NotFound):
            await course.timeline(session, case_id)
        with pytest.raises(NotFound):
            await course.case_clock(session, SystemClock(), case_id)
        with pytest.raises(NotFound):
            await course.proof(session, case_id, None)
        with pytest.raises(NotFound):
            await course.timeline(session, CaseId(new_id()))
