"""Registering women and births."""

import asyncio
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select, text

from kernel.errors import BadInput, Conflict, NotFound
from kernel.ids import PregnancyId
from kernel.viewer import Role, Viewer
from registry.pregnancies import queries, service
from registry.pregnancies.errors import IdNumberInvalid, NewbornExists, NoFacility
from registry.pregnancies.models import Patient, Pregnancy
from registry.pregnancies.rules import check_digit
from registry.pregnancies.schemas import (
    GestationAt,
    NewNewborn,
    NewPatient,
    NewPregnancy,
    PatientCreated,
)
from tests.fixtures.database import Clone
from tests.registry.world import SEALER, START, World, patient

NUMBER = "99012119950310002" + check_digit("99012119950310002")
TODAY = date(2026, 11, 22)


def _child(order: int = 1, at: datetime = START) -> NewNewborn:
    return NewNewborn(birth_order=order, born_at=at, sex="female", weight_g=2950, apgar_1=8)


async def _open(database: Clone, world: World, made: PatientCreated) -> queries.PregnancyOut:
    viewer = world.doctor
    async with database.app.session(viewer) as session:
        return await queries.open_pregnancy(
            session, world.clock, viewer, SEALER, PregnancyId(made.pregnancy_id)
        )


async def test_the_least_an_emergency_needs_is_a_name(database: Clone, world: World) -> None:
    made = await patient(database.app, world, world.doctor, NewPatient(name=" 无名氏 "))
    seen = await _open(database, world, made)
    assert (seen.name, seen.age, seen.gestation_days, seen.plurality) == ("无名氏", None, None, 1)
    assert seen.facility.id == world.county_hospital


@pytest.mark.parametrize(
    ("dates", "edd", "by"),
    [
        (NewPregnancy(lmp=date(2026, 2, 20)), date(2026, 11, 27), "lmp"),
        (NewPregnancy(lmp=date(2026, 2, 20), edd=date(2026, 12, 1)), date(2026, 12, 1), "edd"),
        (
            NewPregnancy(
                lmp=date(2026, 2, 20), gestation_days_at=GestationAt(days=84, at=date(2026, 5, 22))
            ),
            date(2026, 12, 4),
            "gestation",
        ),
    ],
)
async def test_the_better_date_counts(
    database: Clone, world: World, dates: NewPregnancy, edd: date, by: str
) -> None:
    made = await patient(
        database.app, world, world.doctor, NewPatient(name="林测试", pregnancy=dates)
    )
    seen = await _open(database, world, made)
    assert (seen.edd, seen.dated_by, seen.lmp) == (edd, by, date(2026, 2, 20))
    assert seen.gestation_days == 280 - (edd - TODAY).days


async def test_the_number_says_when_she_was_born(database: Clone, world: World) -> None:
    new = NewPatient(name="林测试", id_number=NUMBER, age=50, phone="19900001234")
    seen = await _open(database, world, await patient(database.app, world, world.doctor, new))
    assert (seen.birth_date, seen.birth_date_exact, seen.age) == (date(1995, 3, 10), True, 31)
    assert seen.phone == "19900001234"
    assert seen.name_short == "林*试"


async def test_an_age_becomes_an_estimated_birth_date(database: Clone, world: World) -> None:
    new = NewPatient(name="林测试", age=28)
    seen = await _open(database, world, await patient(database.app, world, world.doctor, new))
    assert (seen.age, seen.birth_date_exact) == (28, False)


@pytest.mark.parametrize(
    ("new", "refusal"),
    [
        (NewPatient(name="林", id_number=NUMBER[:-1] + "0"), IdNumberInvalid),
        (NewPatient(name="林", birth_date=date(2026, 11, 23)), BadInput),
        (NewPatient(name="林", pregnancy=NewPregnancy(lmp=date(2025, 1, 1))), BadInput),
        (NewPatient(name="林", pregnancy=NewPregnancy(edd=date(2027, 11, 1))), BadInput),
    ],
)
async def test_impossible_input_writes_nothing(
    database: Clone, world: World, new: NewPatient, refusal: type[Exception]
) -> None:
    assert NUMBER[-1] != "0"
    with pytest.raises(refusal):
        await patient(database.app, world, world.doctor, new)
    async with database.system.session(Viewer.system("test")) as session:
        assert await session.scalar(text("SELECT count(*) FROM patient")) == 0


async def test_whom_the_hospital_knows_is_not_doubled(database: Clone, world: World) -> None:
    first = await patient(
        database.app, world, world.doctor, NewPatient(name="林测试", id_number=NUMBER)
    )
    dated = NewPregnancy(edd=date(2026, 12, 1))
    again = await patient(
        database.app,
        world,
        world.doctor,
        NewPatient(name="林测试", id_number=NUMBER.lower(), phone="19900001234", pregnancy=dated),
    )
    assert (again.patient_id, again.pregnancy_id) == (first.patient_id, first.pregnancy_id)
    assert (first.existing, again.existing) == (False, True)
    # What was empty is filled.
    seen = await _open(database, world, first)
    assert (seen.edd, seen.phone) == (date(2026, 12, 1), "19900001234")


async def test_another_hospital_learns_nothing_from_the_number(
    database: Clone, world: World
) -> None:
    new = NewPatient(name="林测试", id_number=NUMBER)
    first = await patient(database.app, world, world.doctor, new)
    other = await patient(database.app, world, world.outsider, new)
    assert other.patient_id != first.patient_id
    assert not other.existing


async def test_after_an_outcome_comes_a_new_pregnancy(database: Clone, world: World) -> None:
    new = NewPatient(name="林测试", id_number=NUMBER)
    first = await patient(database.app, world, world.doctor, new)
    viewer = world.doctor
    async with database.app.session(viewer) as session:
        await service.end_pregnancy(
            session, viewer, PregnancyId(first.pregnancy_id), "live_birth", world.clock.now()
        )
    second = await patient(database.app, world, world.doctor, new)
    assert second.patient_id == first.patient_id
    assert second.pregnancy_id != first.pregnancy_id


async def test_two_registrations_racing_make_one_patient(database: Clone, world: World) -> None:
    new = NewPatient(name="林测试", id_number=NUMBER)
    made = await asyncio.gather(
        *(patient(database.app, world, world.doctor, new) for _ in range(4)),
        return_exceptions=True,
    )
    assert all(isinstance(one, PatientCreated | Conflict) for one in made), made
    assert any(isinstance(one, PatientCreated) for one in made)
    async with database.system.session(Viewer.system("test")) as session:
        assert len((await session.execute(select(Patient.id))).all()) == 1


async def test_registering_needs_a_clinical_place(database: Clone, world: World) -> None:
    coordinator = world.viewer(Role.COORDINATOR, world.county_hospital, world.county)
    with pytest.raises(NoFacility):
        await patient(database.app, world, coordinator)


async def test_an_unexpected_twin_is_recorded(database: Clone, world: World) -> None:
    made = await patient(database.app, world, world.doctor)
    viewer = world.doctor
    async with database.app.session(viewer) as session:
        for order in (1, 2):
            await service.add_newborn(
                session, world.clock, viewer, PregnancyId(made.pregnancy_id), _child(order)
            )
    seen = await _open(database, world, made)
    assert seen.plurality == 2
    assert [(child.birth_order, child.weight_g) for child in seen.newborns] == [
        (1, 2950),
        (2, 2950),
    ]


@pytest.mark.parametrize(
    ("child", "refusal"),
    [
        (_child(1), NewbornExists),
        (_child(2, START + timedelta(seconds=1)), BadInput),
        (_child(2, START.replace(tzinfo=None)), BadInput),
    ],
)
async def test_births_that_cannot_be(
    database: Clone, world: World, child: NewNewborn, refusal: type[Exception]
) -> None:
    made = await patient(database.app, world, world.doctor)
    viewer = world.doctor
    pregnancy_id = PregnancyId(made.pregnancy_id)
    async with database.app.session(viewer) as session:
        await service.add_newborn(session, world.clock, viewer, pregnancy_id, _child())
    with pytest.raises(refusal):
        async with database.app.session(viewer) as session:
            await service.add_newborn(session, world.clock, viewer, pregnancy_id, child)


async def test_no_birth_for_a_foreign_pregnancy(database: Clone, world: World) -> None:
    made = await patient(database.app, world, world.doctor)
    viewer = world.outsider
    with pytest.raises(NotFound):
        async with database.app.session(viewer) as session:
            await service.add_newborn(
                session, world.clock, viewer, PregnancyId(made.pregnancy_id), _child()
            )


async def test_a_process_registers_for_a_named_facility(database: Clone, world: World) -> None:
    system = Viewer.system("demo")
    async with database.system.session(system) as session:
        made = await service.create_patient_with_pregnancy(
            session,
            world.clock,
            system,
            SEALER,
            NewPatient(name="林测试"),
            facility_id=world.county_hospital,
            demo=True,
        )
        row = await session.get(Pregnancy, made.pregnancy_id)
    assert row is not None
    assert row.facility_id == world.county_hospital
