"""Recording and taking back, as the people who may and those who may not."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kernel.errors import BadInput, NotFound
from kernel.ids import NewbornId, PregnancyId, new_id
from kernel.viewer import Role, Viewer
from registry.observations import queries, service
from registry.observations.errors import AlreadyVoid, NotYours, TakenInFuture, TakenTooOld
from registry.observations.schemas import Entry, NewVoid
from registry.pregnancies.schemas import NewNewborn
from registry.pregnancies.service import add_newborn
from tests.fixtures.database import Clone
from tests.registry.world import World, case, patient

PRESSURE = [
    Entry(code="sbp_mmhg", number=150, unit="mmHg"),
    Entry(code="dbp_mmhg", number=95, unit="mmHg"),
]


async def _woman(database: Clone, world: World) -> PregnancyId:
    return PregnancyId((await patient(database.app, world, world.doctor)).pregnancy_id)


async def _record(
    database: Clone,
    world: World,
    viewer: Viewer,
    hers: PregnancyId,
    *entries: Entry,
    **more: object,
) -> list[object]:
    async with database.app.session(viewer) as session:
        done = await service.record(
            session, world.clock, viewer, pregnancy_id=hers, entries=entries, **more
        )
    return list(done.rows)


async def _latest(database: Clone, viewer: Viewer, hers: PregnancyId) -> dict[str, float | None]:
    async with database.app.session(viewer) as session:
        found = await queries.latest(session, viewer, hers)
    return {code: one.number for code, one in found.items()}


async def test_newest_wins_whatever_the_order_of_entry(database: Clone, world: World) -> None:
    hers, doctor = await _woman(database, world), world.doctor
    hb = Entry(code="hb_g_per_l", number=9.8, unit="g/dL")
    await _record(database, world, doctor, hers, *PRESSURE, hb)
    earlier = world.clock.now() - timedelta(hours=2)
    old = Entry(code="sbp_mmhg", number=110, unit="mmHg", taken_at=earlier)
    await _record(database, world, doctor, hers, old)
    assert await _latest(database, doctor, hers) == {
        "sbp_mmhg": 150,
        "dbp_mmhg": 95,
        "map_mmhg": pytest.approx(113.33),
        "hb_g_per_l": 98,
    }


async def test_what_was_sent_stands_beside_what_is_stored(database: Clone, world: World) -> None:
    hers, doctor = await _woman(database, world), world.doctor
    await _record(database, world, doctor, hers, Entry(code="temp_c", number=100.4, unit="℉"))
    async with database.app.session(doctor) as session:
        one = (await queries.latest(session, doctor, hers))["temp_c"]
    assert (one.number, one.unit, one.raw_value, one.raw_unit) == (38.0, "°C", "100.4", "°F")
    assert one.caution
    assert one.source == "human"
    assert one.may_void
    assert one.fresh_until == world.clock.now() + timedelta(hours=4)


async def test_one_bad_value_and_nothing_is_recorded(database: Clone, world: World) -> None:
    hers, doctor = await _woman(database, world), world.doctor
    for entries in (
        [*PRESSURE, Entry(code="hb_g_per_l", number=9.8)],
        [*PRESSURE, PRESSURE[0]],
    ):
        with pytest.raises(Exception):  # noqa: B017, PT011
            await _record(database, world, doctor, hers, *entries)
    assert await _latest(database, doctor, hers) == {}


@pytest.mark.parametrize(
    ("moment", "refusal"),
    [
        (timedelta(minutes=6), TakenInFuture),
        (timedelta(days=-367), TakenTooOld),
    ],
)
async def test_moments_that_cannot_be(
    database: Clone, world: World, moment: timedelta, refusal: type[Exception]
) -> None:
    hers, doctor = await _woman(database, world), world.doctor
    with pytest.raises(refusal):
        await _record(database, world, doctor, hers, *PRESSURE, taken_at=world.clock.now() + moment)
    with pytest.raises(BadInput):
        naive = datetime(2026, 11, 22)  # noqa: DTZ001
        await _record(database, world, doctor, hers, *PRESSURE, taken_at=naive)


async def test_facts_for_rules_leave_out_what_is_stale(database: Clone, world: World) -> None:
    hers, doctor = await _woman(database, world), world.doctor
    flag = Entry(code="preeclampsia", word="yes")
    await _record(database, world, doctor, hers, *PRESSURE, flag)
    later = world.clock.now() + timedelta(hours=5)
    async with database.app.session(doctor) as session:
        every = await queries.facts(session, doctor, hers)
        fresh = await queries.facts(session, doctor, hers, at=later)
    assert every == {
        "sbp_mmhg": 150,
        "dbp_mmhg": 95,
        "map_mmhg": pytest.approx(113.33),
        "preeclampsia": True,
    }
    assert fresh == {"preeclampsia": True}


async def test_void_readings_stay_readable_and_count_nowhere(database: Clone, world: World) -> None:
    hers, doctor = await _woman(database, world), world.doctor
    (wrong,) = await _record(
        database, world, doctor, hers, Entry(code="hr_per_min", number=28, unit="/min")
    )
    order = NewVoid(reason="wrong_value", note="少写一位")
    async with database.app.session(doctor) as session:
        await service.void(session, world.clock, doctor, hers, wrong.id, order)  # type: ignore[attr-defined]
    assert await _latest(database, doctor, hers) == {}
    async with database.app.session(doctor) as session:
        at = world.clock.now()
        (seen,) = await queries.series(session, doctor, hers, None, at, at)
    assert seen.voided is not None
    assert seen.voided.reason == "wrong_value"
    assert not seen.may_void
    with pytest.raises(AlreadyVoid):
        async with database.app.session(doctor) as session:
            await service.void(session, world.clock, doctor, hers, wrong.id, order)  # type: ignore[attr-defined]


async def test_a_receiver_reads_and_records_a_stranger_does_neither(
    database: Clone, world: World
) -> None:
    made = await patient(database.app, world, world.doctor)
    hers, expert, outsider = PregnancyId(made.pregnancy_id), world.expert, world.outsider
    (row, *_) = await _record(database, world, world.doctor, hers, *PRESSURE)
    for nobody in (expert, outsider):
        with pytest.raises(NotFound):
            await _latest(database, nobody, hers)
        with pytest.raises(NotFound):
            await _record(database, world, nobody, hers, *PRESSURE)
    case_id = await case(database.app, world, world.doctor, made, world.city_centre)
    await _record(database, world, expert, hers, PRESSURE[0], case_id=case_id)
    assert (await _latest(database, expert, hers))["sbp_mmhg"] == 150
    with pytest.raises(NotYours):
        async with database.app.session(expert) as session:
            order = NewVoid(reason="other")
            await service.void(session, world.clock, expert, hers, row.id, order)  # type: ignore[attr-defined]
    with pytest.raises(NotFound):
        await _latest(database, outsider, hers)


async def test_a_newborns_readings_are_not_the_mothers(database: Clone, world: World) -> None:
    hers, doctor = await _woman(database, world), world.doctor
    born = world.clock.now() - timedelta(hours=36)
    async with database.app.session(doctor) as session:
        child = await add_newborn(
            session, world.clock, doctor, hers, NewNewborn(birth_order=1, born_at=born, sex="male")
        )
    tcb = Entry(code="tcb_mg_per_dl", number=12.3, unit="mg/dL")
    await _record(database, world, doctor, hers, tcb, newborn_id=NewbornId(child.id))
    assert await _latest(database, doctor, hers) == {}
    async with database.app.session(doctor) as session:
        at = world.clock.now()
        (seen,) = await queries.series(session, doctor, hers, None, at, at)
    assert (seen.number, seen.subject, seen.age_hours) == (12.3, "newborn", 36.0)
    other = await _woman(database, world)
    with pytest.raises(NotFound):
        await _record(database, world, doctor, other, tcb, newborn_id=NewbornId(child.id))


async def test_a_drill_is_kept_apart(database: Clone, world: World) -> None:
    hers, doctor = await _woman(database, world), world.doctor
    await _record(database, world, doctor, hers, *PRESSURE, drill=True)
    assert await _latest(database, doctor, hers) == {}
    async with database.app.session(doctor) as session:
        assert set(await queries.latest(session, doctor, hers, drill=True)) == {
            "sbp_mmhg",
            "dbp_mmhg",
            "map_mmhg",
        }


SPOIL = {
    "of a stranger": "UPDATE observation SET value_num = 1",
    "a void of a stranger": "DELETE FROM observation_void",
}


async def test_the_second_net(database: Clone, world: World) -> None:
    """Row-level security alone, with statements that our code would never write."""
    made = await patient(database.app, world, world.doctor)
    hers = PregnancyId(made.pregnancy_id)
    (row, *_) = await _record(database, world, world.doctor, hers, *PRESSURE)
    await case(database.app, world, world.doctor, made, world.city_centre)
    commission = world.viewer(Role.COMMISSION, world.city_centre, world.province)
    count = text("SELECT count(*) FROM observation")
    for viewer, seen in (
        (world.doctor, 2),
        (world.expert, 2),
        (world.outsider, 0),
        (commission, 0),
    ):
        async with database.app.session(viewer) as session:
            assert await session.scalar(count) == seen
    insert = text(
        "INSERT INTO observation (id, pregnancy_id, subject, code, value_num, raw_value, taken_at,"
        " entered_at, source, drill) VALUES (:id, :hers, 'mother', 'hr_per_min', 80, '80', now(),"
        " now(), 'human', false)"
    )
    for viewer in (world.outsider, commission):
        with pytest.raises(DBAPIError, match="row-level security"):
            async with database.app.session(viewer) as session:
                await session.execute(insert, {"id": new_id(), "hers": hers})
    void = text(
        "INSERT INTO observation_void (observation_id, reason, person_id, facility_id, voided_at)"
        " VALUES (:row, 'other', :me, :me, now())"
    )
    expert = world.expert
    with pytest.raises(DBAPIError, match="row-level security"):
        async with database.app.session(expert) as session:
            await session.execute(void, {"row": row.id, "me": expert.person_id})  # type: ignore[attr-defined]
    for spoil in SPOIL.values():
        with pytest.raises(DBAPIError, match="permission denied"):
            async with database.app.session(world.doctor) as session:
                await session.execute(text(spoil))
    with pytest.raises(DBAPIError, match="append-only"):
        async with database.owner.session(Viewer.system("test")) as session:
            await session.execute(text("UPDATE observation SET value_num = 1"))
