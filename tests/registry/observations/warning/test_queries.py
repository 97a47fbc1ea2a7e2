"""What the tools say of a woman in the database: hers alone, while readings are fresh."""

from datetime import timedelta

import pytest

from kernel.errors import NotFound
from kernel.ids import PregnancyId
from kernel.viewer import Viewer
from registry.observations import service
from registry.observations.moments import checked_moments
from registry.observations.schemas import Entry, NewVoid
from registry.observations.warning.evaluate import Warned
from registry.observations.warning.queries import rulesets, try_out, warnings
from tests.fixtures.database import Clone
from tests.registry.world import World, patient

LOW = [
    Entry(code="sbp_mmhg", number=84, unit="mmHg"),
    Entry(code="hr_per_min", number=124, unit="/min"),
]


async def _record(
    database: Clone, world: World, who: Viewer, hers: PregnancyId, *, drill: bool = False
) -> service.Recorded:
    async with database.app.session(who) as session:
        return await service.record(
            session, world.clock, who, pregnancy_id=hers, entries=LOW, drill=drill
        )


async def _said(
    database: Clone, world: World, who: Viewer, hers: PregnancyId, *, drill: bool = False
) -> dict[str, Warned]:
    async with database.app.session(who) as session:
        found = await warnings(session, who, hers, world.clock.now(), drill=drill)
    return {one.tool: one for one in found.tools}


async def test_readings_warn_once_and_until_they_are_stale(database: Clone, world: World) -> None:
    doctor = world.doctor
    hers = PregnancyId((await patient(database.app, world, doctor)).pregnancy_id)
    nothing = await _said(database, world, doctor, hers)
    assert {one.state for one in nothing.values()} == {"unknown"}
    first = await _record(database, world, doctor, hers)
    assert first.newly == ("mewc_2014", "meows_cemach", "shock_index")
    world.clock.advance(timedelta(minutes=2))
    assert (await _record(database, world, doctor, hers)).newly == ()
    said = await _said(database, world, doctor, hers)
    assert said["shock_index"].state == "triggered"
    assert {one.code: one.why for one in said["mewt_2016"].missing}["hr_per_min"] == "again"
    world.clock.advance(timedelta(hours=4, minutes=1))
    stale = await _said(database, world, doctor, hers)
    assert {one.state for one in stale.values()} == {"unknown"}
    assert {one.code: one.why for one in stale["shock_index"].missing} == {
        "sbp_mmhg": "stale",
        "hr_per_min": "stale",
    }


async def test_exercises_stay_apart_and_errors_count_nowhere(database: Clone, world: World) -> None:
    doctor = world.doctor
    hers = PregnancyId((await patient(database.app, world, doctor)).pregnancy_id)
    await _record(database, world, doctor, hers, drill=True)
    assert (await _said(database, world, doctor, hers))["shock_index"].state == "unknown"
    drilled = await _said(database, world, doctor, hers, drill=True)
    assert drilled["shock_index"].state == "triggered"
    done = await _record(database, world, doctor, hers)
    async with database.app.session(doctor) as session:
        for row in done.rows:
            order = NewVoid("wrong_patient")
            await service.void(session, world.clock, doctor, hers, row.id, order)
    assert (await _said(database, world, doctor, hers))["mewc_2014"].state == "unknown"
    with pytest.raises(NotFound):
        await _said(database, world, world.outsider, hers)


def test_every_tool_says_where_it_comes_from() -> None:
    for one in rulesets():
        assert one.source
        assert one.verify == (one.confidence in ("B", "I"))
        assert one.criteria


async def test_made_up_readings_are_judged_like_hers_and_leave_nothing(
    database: Clone, world: World
) -> None:
    doctor, now = world.doctor, world.clock.now()
    hers = PregnancyId((await patient(database.app, world, doctor)).pregnancy_id)
    tried = {one.tool: one for one in try_out(checked_moments(LOW, now, now, "mother"), now).tools}
    assert {one.state for one in (await _said(database, world, doctor, hers)).values()} == {
        "unknown"
    }
    await _record(database, world, doctor, hers)
    assert tried == await _said(database, world, doctor, hers)


def test_a_reading_of_a_clock_that_is_ahead_is_not_left_out(world: World) -> None:
    now = world.clock.now()
    ahead = [
        (now + timedelta(seconds=2), here) for _, here in checked_moments(LOW, now, now, "mother")
    ]
    tried = {one.tool: one.state for one in try_out(ahead, now).tools}
    assert tried["shock_index"] == "triggered"


def test_every_tool_says_what_it_reads() -> None:
    inputs = {one.code: one.inputs for one in rulesets()}
    assert inputs["shock_index"] == ["hr_per_min", "sbp_mmhg"]
    assert all(inputs.values())
