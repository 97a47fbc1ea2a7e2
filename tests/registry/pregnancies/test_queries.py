"""Searching and opening, with the log that goes with it; nothing readable at rest."""

from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kernel.errors import NotFound
from kernel.ids import PregnancyId
from kernel.sealing import SealBroken, Sealer
from kernel.viewer import Role, Viewer
from registry.pregnancies import queries
from registry.pregnancies.access import Purpose
from registry.pregnancies.schemas import GestationAt, NewPatient, NewPregnancy
from tests.fixtures.database import Clone
from tests.registry.world import SEALER, World, case, patient

NAME, NUMBER, PHONE = "欧阳测试", "E12345678", "19900005678"


def _woman(world: World) -> NewPatient:
    dated = NewPregnancy(
        gestation_days_at=GestationAt(days=266, at=world.clock.now().date()), plurality=2
    )
    return NewPatient(name=NAME, id_number=NUMBER, phone=PHONE, age=33, pregnancy=dated)


async def _search(database: Clone, world: World, viewer: Viewer, q: str) -> list[str]:
    async with database.app.session(viewer) as session:
        found = await queries.search(session, world.clock, viewer, SEALER, q)
    return [f"{line.name} {line.age} {line.gestation_days}" for line in found]


async def test_found_by_exact_number_or_full_name(database: Clone, world: World) -> None:
    await patient(database.app, world, world.doctor, _woman(world))
    for q in (NUMBER, " e123-45678 ", NAME):
        assert await _search(database, world, world.doctor, q) == ["欧阳测试 33 266"]
    for q in (NUMBER[:-1], NAME[:-1], "%", "'"):
        assert await _search(database, world, world.doctor, q) == []


async def test_strangers_find_neither_number_nor_name(database: Clone, world: World) -> None:
    await patient(database.app, world, world.doctor, _woman(world))
    coordinator = world.viewer(Role.COORDINATOR, world.city_centre, world.province)
    for viewer in (world.outsider, world.expert, coordinator):
        assert await _search(database, world, viewer, NUMBER) == []
        assert await _search(database, world, viewer, NAME) == []


async def test_a_receiver_finds_by_number_but_browses_no_names(
    database: Clone, world: World
) -> None:
    made = await patient(database.app, world, world.doctor, _woman(world))
    await case(database.app, world, world.doctor, made, world.city_centre)
    assert len(await _search(database, world, world.expert, NUMBER)) == 1
    assert await _search(database, world, world.expert, NAME) == []


async def test_boards_show_half_a_name_and_frozen_gestation(database: Clone, world: World) -> None:
    made = await patient(database.app, world, world.doctor, _woman(world))
    case_id = await case(database.app, world, world.doctor, made, world.city_centre)
    world.clock.advance(timedelta(days=7))
    viewer = world.expert
    async with database.app.session(viewer) as session:
        subject = (await queries.subjects(session, world.clock, viewer, SEALER, [case_id]))[case_id]
        assert (subject.name_short, subject.age, subject.gestation_days, subject.plurality) == (
            "欧**试",
            33,
            273,
            2,
        )
        await session.execute(
            text("UPDATE pregnancy SET outcome = 'live_birth', ended_at = :at"),
            {"at": world.clock.now() - timedelta(days=3)},
        )
        session.expire_all()
        subject = (await queries.subjects(session, world.clock, viewer, SEALER, [case_id]))[case_id]
        assert subject.gestation_days == 270


async def test_every_opening_is_logged_for_the_auditor(database: Clone, world: World) -> None:
    doctor, expert = world.doctor, world.expert
    made = await patient(database.app, world, doctor, _woman(world))
    case_id = await case(database.app, world, doctor, made, world.city_centre)
    pregnancy_id = PregnancyId(made.pregnancy_id)
    await _search(database, world, doctor, NUMBER)
    async with database.app.session(expert) as session:
        await queries.open_pregnancy(
            session,
            world.clock,
            expert,
            SEALER,
            pregnancy_id,
            purpose=Purpose.CASE,
            case_id=case_id,
        )
    outsider = world.outsider
    with pytest.raises(NotFound):
        async with database.app.session(outsider) as session:
            await queries.open_pregnancy(session, world.clock, outsider, SEALER, pregnancy_id)
    auditor = world.viewer(Role.AUDITOR, world.stranger)
    async with database.app.session(auditor) as session:
        log = await queries.access_log(session, patient_id=made.patient_id)
        of_expert = await queries.access_log(session, person_id=expert.person_id)
        assert await queries.access_log(session, before=log[-1].id) == []
    assert [(line.purpose, line.person_id, line.case_id) for line in log] == [
        ("case", expert.person_id, case_id),
        ("search", doctor.person_id, None),
        ("register", doctor.person_id, None),
    ]
    assert [line.id for line in of_expert] == [log[0].id]


async def test_nobody_logs_in_anothers_name(database: Clone, world: World) -> None:
    made = await patient(database.app, world, world.doctor, _woman(world))
    insert = text(
        "INSERT INTO access_log (at, account_id, person_id, facility_id, patient_id, purpose)"
        " VALUES (now(), :other, :other, :other, :patient, 'open')"
    )
    with pytest.raises(DBAPIError, match="row-level security"):
        async with database.app.session(world.doctor) as session:
            other = world.expert.person_id
            await session.execute(insert, {"other": other, "patient": made.patient_id})


async def test_a_dump_shows_no_identity(database: Clone, world: World) -> None:
    made = await patient(database.app, world, world.doctor, _woman(world))
    superuser = await asyncpg.connect(database.superuser_url)
    try:
        tables = await superuser.fetch(
            "SELECT oid::regclass::text AS name FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        written = "\n".join(
            [
                row["line"]
                for table in tables
                for row in await superuser.fetch(f"SELECT t::text AS line FROM {table['name']} t")
            ]
        )
    finally:
        await superuser.close()
    assert str(made.patient_id) in written
    for secret in (NAME, NUMBER, PHONE):
        assert secret not in written
        assert secret.encode().hex() not in written


async def test_another_key_opens_nothing(database: Clone, world: World) -> None:
    made = await patient(database.app, world, world.doctor, _woman(world))
    viewer = world.doctor
    stolen = Sealer(b"another installation's master ke")
    async with database.app.session(viewer) as session:
        assert await queries.search(session, world.clock, viewer, stolen, NUMBER) == []
        with pytest.raises(SealBroken):
            await queries.open_pregnancy(
                session, world.clock, viewer, stolen, PregnancyId(made.pregnancy_id)
            )
