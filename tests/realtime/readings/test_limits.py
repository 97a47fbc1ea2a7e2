"""Time limits of readings: whose count where, who may write them, and that readings keep theirs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kernel.errors import BadInput, NotAllowed
from kernel.viewer import Role, Viewer
from realtime.readings import service as readings
from realtime.readings.errors import ReadingLimitsOutOfBounds
from realtime.readings.limits import book, queries, service
from realtime.readings.limits.rules import BOUNDS, ReadingLimits, out_of_bounds, shipped
from realtime.readings.limits.schemas import NewReadingLimits, ReadingLimitsBook
from tests.realtime.alarms.ward import somebody
from tests.realtime.readings.room import Room

OURS = ReadingLimits(**{name: getattr(shipped(), name) for name in ReadingLimits.__struct_fields__})
TIGHTEST = {name: least for name, (least, _) in BOUNDS.items()}


async def chief(room: Room, role: Role = Role.COORDINATOR) -> Viewer:
    """Who answers for the centre that reads."""
    world = room.ward.world
    return await somebody(room.ward.clone, world, world.viewer(role, world.city_centre))


async def of_region(room: Room) -> Viewer:
    """Who coordinates the city."""
    world = room.ward.world
    return await somebody(
        room.ward.clone, world, world.viewer(Role.COORDINATOR, world.city_centre, world.city)
    )


async def write(room: Room, viewer: Viewer, **more: Any) -> UUID:
    numbers = {name: more.pop(name) for name in list(more) if name in BOUNDS}
    limits = msgspec.structs.replace(OURS, **numbers)
    order = NewReadingLimits(limits=limits, source="测试：院内讨论", **more)
    async with room.ward.clone.app.session(viewer) as session:
        return await service.set_limits(session, room.ward.clock, viewer, order)


async def pages(room: Room, viewer: Viewer) -> ReadingLimitsBook:
    async with room.ward.clone.app.session(viewer) as session:
        house = room.ward.world.city_centre
        return await queries.of_facility(session, viewer, house)


async def waits(room: Room, urgency: str = "urgent") -> timedelta:
    """How long a reading asked now may wait for its signature."""
    found = (await room.look(await room.ask(urgency=urgency))).reading
    return found.due_at - found.asked_at


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({}, []),
        (TIGHTEST, []),
        ({name: most for name, (_, most) in BOUNDS.items()}, []),
        *((TIGHTEST | {name: least - 1}, [name]) for name, least in TIGHTEST.items()),
        *(({name: most + 1}, [name]) for name, (_, most) in BOUNDS.items()),
        ({"urgent_sign_min": 20, "routine_sign_min": 15}, ["urgent_sign_min"]),
    ],
)
def test_what_a_house_may_choose(changed: dict[str, int], wrong: list[str]) -> None:
    limits = msgspec.structs.replace(OURS, **changed)
    assert [name for name, _, _ in out_of_bounds(limits)] == wrong


async def test_the_nearest_owners_version_counts(room: Room) -> None:
    ours, city = await chief(room), await of_region(room)
    assert await waits(room) == timedelta(minutes=OURS.urgent_sign_min)
    region = await write(room, city, urgent_sign_min=8, region_id=room.ward.world.city)
    assert await waits(room) == timedelta(minutes=8)
    house = await write(room, ours, urgent_sign_min=5, confidence="已核实")
    assert await waits(room) == timedelta(minutes=5)
    assert await waits(room, "routine") == timedelta(minutes=OURS.routine_sign_min)

    found = await pages(room, ours)
    assert [(one.id, one.owner, one.standing) for one in found.versions[:2]] == [
        (house, "facility", "counts"),
        (region, "region", "in_force"),
    ]
    assert found.versions[0].confidence == "已核实"
    assert found.versions[0].recorded_by is not None
    assert found.versions[1].region == "清江市"
    platform = found.versions[2]
    assert (platform.owner, platform.confidence, platform.limits) == ("platform", "待核实", OURS)
    assert (found.may_write, found.regions) == (True, [])
    assert [one.name for one in (await pages(room, city)).regions] == ["清江市"]


async def test_a_reading_keeps_the_version_it_was_asked_under(room: Room) -> None:
    ours = await chief(room, Role.MEDICAL_AFFAIRS)
    first = await write(room, ours, urgent_sign_min=5, urgent_receive_min=7)
    reading = await room.ask()
    second = await write(room, ours, urgent_sign_min=9, urgent_receive_min=9)
    await room.move(readings.claim, reading, room.expert)
    await room.minded(5 * 60)
    overdue = [event for event, _ in await room.pages() if event == "ctg.reading_overdue"]
    assert overdue == ["ctg.reading_overdue"]
    await room.sign(reading, room.expert, await room.see(reading, room.expert))
    found = (await room.look(reading)).reading
    assert found.signed_at is not None
    assert found.receive_by == found.signed_at + timedelta(minutes=7)
    assert (found.limits.id, found.limits.limits.urgent_sign_min) == (first, 5)
    versions = {one.id: one for one in (await pages(room, ours)).versions}
    assert (versions[first].standing, versions[second].standing) == ("past", "counts")
    assert versions[second].supersedes_id == first


async def test_a_version_of_tomorrow_waits(room: Room) -> None:
    ours = await chief(room)
    tomorrow = room.ward.clock.now() + timedelta(days=1)
    coming = await write(room, ours, urgent_sign_min=5, valid_from=tomorrow)
    assert await waits(room) == timedelta(minutes=OURS.urgent_sign_min)
    standing = {one.id: one.standing for one in (await pages(room, ours)).versions}
    assert standing[coming] == "coming"
    with pytest.raises(BadInput):
        await write(room, ours, valid_from=room.ward.clock.now() - timedelta(hours=1))


async def test_who_may_write(room: Room) -> None:
    world = room.ward.world
    for nobody in (room.expert, room.asker):
        with pytest.raises(NotAllowed):
            await write(room, nobody)
    with pytest.raises(NotAllowed):
        await write(room, await chief(room), region_id=world.city)
    with pytest.raises(NotAllowed):
        await write(room, await chief(room, Role.MEDICAL_AFFAIRS), region_id=world.city)
    with pytest.raises(NotAllowed):
        await write(room, await of_region(room), region_id=world.province)
    await write(room, await of_region(room), region_id=world.county)
    with pytest.raises(ReadingLimitsOutOfBounds):
        await write(room, await chief(room), urgent_sign_min=1)


@pytest.mark.parametrize("owner", ["facility_id", "region_id"])
async def test_the_database_refuses_what_others_write(room: Room, owner: str) -> None:
    world = room.ward.world
    place = world.city_centre if owner == "facility_id" else world.city
    statement = text(
        f"INSERT INTO ctg_reading_limits (id, {owner}, urgent_sign_min, urgent_receive_min,"
        " routine_sign_min, routine_receive_min, source, confidence, recorded_by)"
        " VALUES (gen_random_uuid(), :place, 1, 1, 1, 1, 'x', 'x', :by)"
    )
    for viewer in (room.expert, room.ward.chief):
        with pytest.raises(DBAPIError, match="row-level security"):
            async with room.ward.clone.app.session(viewer) as session:
                await session.execute(statement, {"place": place, "by": viewer.person_id})
    with pytest.raises(DBAPIError, match="permission denied"):
        async with room.ward.clone.app.session(await chief(room)) as session:
            await session.execute(text("UPDATE ctg_reading_limits SET urgent_sign_min = 90"))


async def test_a_release_adds_its_default_once(room: Room) -> None:
    async def rows() -> int:
        return await room.ward.count("SELECT count(*) FROM ctg_reading_limits")

    assert await rows() == 1  # as the migration wrote it
    for _ in range(2):
        async with room.ward.clone.system.session(Viewer.system("engine")) as session:
            await book.install_shipped(session)
    assert await rows() == 1
    async with room.ward.clone.system.session(Viewer.system("engine")) as session:
        await book.add(session, msgspec.structs.replace(shipped(), urgent_sign_min=9))
        await book.install_shipped(session)
    assert await rows() == 3
    assert await waits(room) == timedelta(minutes=OURS.urgent_sign_min)
