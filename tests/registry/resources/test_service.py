"""Counting, confirming, diverting, driving; who may, and what stays readable."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kernel.errors import BadInput, NotFound
from kernel.ids import FacilityId, new_id
from kernel.viewer import Role, Viewer
from registry.resources import queries, service
from registry.resources.errors import (
    DiversionOver,
    DiversionTooLong,
    KindUnknown,
    MoreFreeThanThere,
    NotYourHouse,
    ReportSuperseded,
    StockTooSmall,
)
from registry.resources.schemas import (
    ConfirmCounts,
    CountEntry,
    CountReport,
    DeclareDiversion,
    House,
    NewVehicle,
    ResourceValue,
    SetCapability,
    VehicleReport,
)
from tests.fixtures.database import Clone
from tests.registry.world import World


async def _do(database: Clone, viewer: Viewer, world: World, command, order):  # type: ignore[no-untyped-def]
    async with database.app.session(viewer) as session:
        return await command(session, world.clock, viewer, order)


async def _count(
    database: Clone, world: World, viewer: Viewer, facility: FacilityId, **counts: int
) -> None:
    entries = [CountEntry(kind=kind, free=free, total=10) for kind, free in counts.items()]
    order = CountReport(facility_id=facility, entries=entries)
    await _do(database, viewer, world, service.report, order)


async def _house(database: Clone, world: World, viewer: Viewer, facility: UUID) -> House:
    async with database.app.session(viewer) as session:
        found = await queries.houses(session, world.clock, viewer, facility_id=facility)
    return found.houses[0]


async def _value(database: Clone, world: World, facility: UUID, kind: str) -> ResourceValue:
    house = await _house(database, world, world.doctor, facility)
    return next(value for value in house.values if value.kind == kind)


async def test_a_count_has_who_and_when_and_grows_too_old_to_be_a_number(
    database: Clone, world: World
) -> None:
    expert, centre = world.expert, world.city_centre
    await _count(database, world, expert, centre, icu_bed=3)
    now = world.clock.now()
    fresh = await _value(database, world, centre, "icu_bed")
    assert (fresh.free, fresh.total, fresh.standing) == (3, 10, "current")
    assert (fresh.reported_at, fresh.cause, fresh.source) == (now, "counted", "human")
    world.clock.advance(timedelta(minutes=241))
    old = await _value(database, world, centre, "icu_bed")
    assert (old.free, old.total, old.standing) == (None, None, "stale")
    assert (old.last_free, old.reported_at) == (3, now)


async def test_one_tap_says_that_it_still_holds(database: Clone, world: World) -> None:
    expert, centre = world.expert, world.city_centre
    await _count(database, world, expert, centre, icu_bed=3, theatre=1)
    old = await _value(database, world, centre, "icu_bed")
    assert old.report_id is not None
    world.clock.advance(timedelta(hours=5))
    again = ConfirmCounts(facility_id=centre, report_ids=[old.report_id])
    assert len(await _do(database, expert, world, service.confirm, again)) == 1
    new = await _value(database, world, centre, "icu_bed")
    assert (new.free, new.standing, new.cause) == (3, "current", "confirmed")
    with pytest.raises(ReportSuperseded):
        await _do(database, expert, world, service.confirm, again)
    async with database.app.session(expert) as session:
        told = await queries.history(session, expert, centre, "icu_bed")
    assert [(entry.free, entry.cause) for entry in told] == [(3, "confirmed"), (3, "counted")]


async def test_a_total_left_out_stays_and_nothing_impossible_is_counted(
    database: Clone, world: World
) -> None:
    expert, centre = world.expert, world.city_centre
    await _count(database, world, expert, centre, icu_bed=3)
    plain = CountReport(facility_id=centre, entries=[CountEntry(kind="icu_bed", free=2)])
    await _do(database, expert, world, service.report, plain)
    assert (await _value(database, world, centre, "icu_bed")).total == 10
    for refusal, entry in (
        (MoreFreeThanThere, CountEntry(kind="icu_bed", free=3, total=2)),
        (KindUnknown, CountEntry(kind="iron_lung", free=1)),
        (KindUnknown, CountEntry(kind="red_cells", free=1)),
    ):
        wrong = CountReport(facility_id=centre, entries=[entry])
        with pytest.raises(refusal):
            await _do(database, expert, world, service.report, wrong)


async def test_only_the_house_and_its_coordinator_count(database: Clone, world: World) -> None:
    order = CountReport(facility_id=world.city_centre, entries=[CountEntry(kind="icu_bed", free=1)])
    near = world.viewer(Role.COORDINATOR, world.province_centre, world.city)
    far = world.viewer(Role.COORDINATOR, world.province_centre, world.far_county)
    watcher = world.viewer(Role.COMMISSION, world.city_centre, world.city)
    await _do(database, near, world, service.report, order)
    for stranger in (world.doctor, world.outsider, far, watcher):
        with pytest.raises(NotYourHouse):
            await _do(database, stranger, world, service.report, order)
    with pytest.raises(NotFound):
        nowhere = CountReport(facility_id=new_id(), entries=order.entries)
        await _do(database, near, world, service.report, nowhere)


async def test_the_database_refuses_what_the_service_forgot(database: Clone, world: World) -> None:
    row = text(
        "INSERT INTO resource_report (id, facility_id, kind, free, cause, source, person_id,"
        " reported_at) VALUES (:id, :facility, 'icu_bed', 1, 'counted', 'human', :person, now())"
    )
    stranger = world.outsider
    values = {"id": new_id(), "facility": world.city_centre, "person": stranger.person_id}
    with pytest.raises(DBAPIError, match="row-level security"):
        async with database.app.session(stranger) as session:
            await session.execute(row, values)
    await _count(database, world, world.expert, world.city_centre, icu_bed=3)
    for change in ("UPDATE resource_report SET free = 9", "DELETE FROM resource_report"):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with database.app.session(world.expert) as session:
                await session.execute(text(change))
    auditor = world.viewer(Role.AUDITOR, world.city_centre)
    async with database.app.session(auditor) as session:
        seen = await session.scalar(text("SELECT count(*) FROM resource_report"))
    assert seen == 0


async def test_issuing_lowers_the_stock_and_two_never_issue_the_same_bag(
    database: Clone, world: World
) -> None:
    expert, centre = world.expert, world.city_centre
    stock = CountReport(
        facility_id=centre,
        entries=[CountEntry(kind="red_cells", subkey="O+", free=5)],
    )
    await _do(database, expert, world, service.report, stock)

    async def take(units: int, subkey: str = "O+") -> None:
        async with database.app.session(expert) as session:
            await service.take_from_stock(
                session,
                world.clock,
                expert,
                facility_id=centre,
                kind="red_cells",
                subkey=subkey,
                units=units,
            )

    results = await asyncio.gather(take(3), take(3), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["NoneType", "StockTooSmall"]
    assert (await _value(database, world, centre, "red_cells")).free == 2
    with pytest.raises(StockTooSmall):
        await take(4)
    await take(9, "A-")  # nobody ever counted it: issuing is not refused for that


async def test_a_diversion_has_a_reason_an_end_and_is_seen_by_administrators(
    database: Clone, world: World
) -> None:
    expert, centre = world.expert, world.city_centre
    until = world.clock.now() + timedelta(hours=4)
    order = DeclareDiversion(facility_id=centre, scope="neonatal", reason="NICU 满床", until=until)
    made = await _do(database, expert, world, service.declare, order)
    admin = world.viewer(Role.SYSTEM_ADMIN, world.province_centre)
    async with database.app.session(admin) as session:
        seen = await queries.diversions(session, world.clock, admin)
    assert [(one.live, one.reason, one.facility.id) for one in seen] == [
        (True, "NICU 满床", centre)
    ]
    with pytest.raises(NotYourHouse):
        await _do(database, world.outsider, world, service.end_diversion, made)
    await _do(database, expert, world, service.end_diversion, made)
    with pytest.raises(DiversionOver):
        await _do(database, expert, world, service.end_diversion, made)
    house = await _house(database, world, expert, centre)
    assert house.diversions == []
    async with database.app.session(admin) as session:
        over = await queries.diversions(session, world.clock, admin)
    assert [(one.live, one.ended_at) for one in over] == [(False, world.clock.now())]


async def test_a_diversion_ends_by_itself_and_never_runs_for_days(
    database: Clone, world: World
) -> None:
    expert, centre = world.expert, world.city_centre
    now = world.clock.now()
    for until in (now, now + timedelta(hours=25)):
        order = DeclareDiversion(facility_id=centre, scope="all", reason="停电", until=until)
        with pytest.raises(DiversionTooLong):
            await _do(database, expert, world, service.declare, order)
    soon = now + timedelta(hours=1)
    odd = DeclareDiversion(facility_id=centre, scope="condition", reason="停电", until=soon)
    with pytest.raises(BadInput):
        await _do(database, expert, world, service.declare, odd)
    order = DeclareDiversion(facility_id=centre, scope="all", reason="停电", until=soon)
    made = await _do(database, expert, world, service.declare, order)
    assert len((await _house(database, world, expert, centre)).diversions) == 1
    world.clock.advance(timedelta(hours=1))
    assert (await _house(database, world, expert, centre)).diversions == []
    with pytest.raises(DiversionOver):
        await _do(database, expert, world, service.end_diversion, made)


async def test_vehicles_say_where_they_stand_and_are_counted_once(
    database: Clone, world: World
) -> None:
    desk, centre = world.viewer(Role.DUTY_DESK, world.city_centre), world.city_centre
    cars = [
        await _do(
            database,
            desk,
            world,
            service.add_vehicle,
            NewVehicle(facility_id=centre, call_sign=name, equipment=["incubator"]),
        )
        for name in ("救 1", "救 2")
    ]
    never = await _value(database, world, centre, "ambulance")
    assert (never.free, never.total, never.standing) == (None, 2, "never")

    async def say(viewer: Viewer, car: UUID, order: VehicleReport) -> None:
        async with database.app.session(viewer) as session:
            await service.report_vehicle(session, world.clock, viewer, car, order)

    await say(desk, cars[0], VehicleReport(status="standby", crew=["driver", "midwife"]))
    await say(desk, cars[1], VehicleReport(status="dispatched"))
    assert (await _value(database, world, centre, "ambulance")).free == 1
    with pytest.raises(NotYourHouse):
        await say(world.outsider, cars[0], VehicleReport(status="standby"))
    world.clock.advance(timedelta(minutes=31))
    async with database.app.session(desk) as session:
        shown = await queries.vehicles(session, world.clock, desk, centre)
    assert [(car.status, car.standing, car.crew) for car in shown] == [(None, "stale", [])] * 2


async def test_a_house_says_what_it_can_do_from_one_day_to_another(
    database: Clone, world: World
) -> None:
    expert, centre = world.expert, world.city_centre
    able = SetCapability(facility_id=centre, code="icu", has=True)
    assert await _do(database, expert, world, service.set_capability, able)
    assert not await _do(database, expert, world, service.set_capability, able)
    assert (await _house(database, world, expert, centre)).capabilities == ["icu"]
    world.clock.advance(timedelta(days=2))
    unable = SetCapability(facility_id=centre, code="icu", has=False)
    assert await _do(database, expert, world, service.set_capability, unable)
    assert (await _house(database, world, expert, centre)).capabilities == []
    with pytest.raises(KindUnknown):
        odd = SetCapability(facility_id=centre, code="magic", has=True)
        await _do(database, expert, world, service.set_capability, odd)
