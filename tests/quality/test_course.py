"""The course of one case: both clocks, names, amendments, proof."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kernel.chain import amend, append
from kernel.chain.append import DeviceTime
from kernel.chain.checkpoint import ChainCheckpointer, CheckpointFile
from kernel.chain.merkle import leaf_hash, root_from_path
from kernel.chain.signing import Signer
from kernel.clock import SystemClock
from kernel.errors import NotFound
from kernel.ids import CaseId, FacilityId, PersonId, new_id
from kernel.viewer import Role, Viewer
from quality import course
from registry.people.service import Grant
from tests.fixtures.database import Clone
from tests.quality.cases import SYSTEM, Step, county_of, write_case, write_steps
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
            await course.proof(session, case_id, None)
        with pytest.raises(NotFound):
            await course.timeline(session, CaseId(new_id()))
