"""What hangs on the wall: one strip per monitor, running, silent or just ended, and whose it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from kernel.clock import SimulatedClock
from kernel.ids import RecordingId
from kernel.viewer import Viewer
from realtime import service
from realtime.bindings import service as bindings
from realtime.wall.repository import SILENT_STAYS, STOPPED_STAYS
from realtime.wall.routes import get_wall
from realtime.wall.schemas import WallOut
from tests.fixtures.database import Clone
from tests.registry.world import SEALER, START, World, build, case, patient

SECOND = timedelta(seconds=1)


class Ward:
    """Monitors SN-1 to SN-3 at the county hospital, one elsewhere, and what they recorded."""

    def __init__(self, clone: Clone, world: World, system: Any) -> None:
        self.clone, self.world, self._system = clone, world, system

    async def record(
        self,
        serial: str,
        *,
        heard: timedelta | None = None,
        opened: timedelta = timedelta(hours=1),
        closed: timedelta | None = None,
    ) -> UUID:
        """A recording; all durations are before `START`."""
        recording = uuid4()
        await self._system.execute(
            "INSERT INTO ctg_recording (id, device_id, facility_id, bed, channels, started_at,"
            " opened_at, closed_at, last_seq)"
            " SELECT $1, id, facility_id, '产房1床', '{fhr1,toco}', $3, $3, $4::timestamptz,"
            " CASE WHEN $4::timestamptz IS NULL THEN NULL ELSE 1 END"
            " FROM ctg_device WHERE serial = $2",
            recording, serial, START - opened, None if closed is None else START - closed,
        )  # fmt: skip
        if heard is not None:
            await self._system.execute(
                "INSERT INTO ctg_pulse VALUES ($1, 5, $2, 300, 0, 27, true)",
                recording, START - heard,
            )  # fmt: skip
        return recording

    async def wall(self, viewer: Viewer | None = None) -> WallOut:
        viewer = viewer or self.world.doctor
        async with self.clone.app.session(viewer) as session:
            handler: Any = get_wall.fn
            answer: WallOut = await handler(session, SimulatedClock(START), viewer, SEALER)
            return answer

    async def shown(self, viewer: Viewer | None = None) -> set[UUID]:
        return {strip.recording for strip in (await self.wall(viewer)).strips}


@pytest.fixture
async def ward(database: Clone) -> Any:
    world = await build(database.system)
    async with database.system.session(Viewer.system("test")) as session:
        for number in (1, 2, 3):
            await service.register_device(
                session, serial=f"SN-{number}", kind="monitor", facility_id=world.county_hospital,
                unit="产科",
            )  # fmt: skip
    system = await asyncpg.connect(database.system_url)
    yield Ward(database, world, system)
    await system.close()


async def test_what_runs_is_silent_or_has_just_ended_hangs(ward: Ward) -> None:
    running = await ward.record("SN-1", heard=SECOND)
    silent = await ward.record("SN-2", heard=SILENT_STAYS - SECOND, opened=timedelta(hours=13))
    ended = await ward.record("SN-3", heard=SECOND, closed=STOPPED_STAYS - SECOND)
    assert await ward.shown() == {running, silent, ended}


async def test_yesterdays_and_those_long_ended_do_not(ward: Ward) -> None:
    await ward.record("SN-1", heard=SILENT_STAYS + SECOND, opened=timedelta(hours=13))
    await ward.record("SN-2", heard=SECOND, closed=STOPPED_STAYS + SECOND)
    assert await ward.shown() == set()


async def test_a_monitor_hangs_once_with_its_newest(ward: Ward) -> None:
    await ward.record("SN-1", heard=timedelta(minutes=5))
    newest = await ward.record("SN-1", opened=SECOND)
    assert await ward.shown() == {newest}


async def test_a_strip_names_its_fetuses_as_the_binding_does(ward: Ward) -> None:
    await ward.record("SN-1", heard=SECOND)
    await ward._system.execute(
        "UPDATE ctg_recording SET channels = '{fhr1,fhr2,toco}', labels = '{B,A,C}'"
    )
    (strip,) = (await ward.wall()).strips
    assert [(one.channel, one.label) for one in strip.fetuses] == [("fhr1", "B"), ("fhr2", "A")]


async def test_a_name_is_short_and_only_for_those_who_may_know(ward: Ward) -> None:
    doctor, expert = ward.world.doctor, ward.world.expert
    woman = await patient(ward.clone.app, ward.world, doctor)
    her_case = await case(ward.clone.app, ward.world, doctor, woman, ward.world.city_centre)
    hers = RecordingId(await ward.record("SN-1", heard=SECOND))
    async with ward.clone.app.session(doctor) as session:
        await bindings.bind(
            session, ward.world.clock, doctor, hers,
            pregnancy_id=woman.pregnancy_id, case_id=her_case, version=1,
        )  # fmt: skip
    unbound = await ward.record("SN-2", heard=SECOND)
    wall = {strip.recording: strip for strip in (await ward.wall()).strips}
    assert (wall[hers].bound, wall[unbound].bound) == (True, False)
    name = wall[hers].name_short
    assert name is not None
    assert "*" in name
    assert wall[unbound].name_short is None
    assert (wall[hers].unit, wall[hers].case_id) == ("产科", her_case)
    assert await ward.shown(expert) == {hers}
    assert await ward.shown(ward.world.outsider) == set()
