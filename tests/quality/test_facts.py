"""Facts are what their views show, to nobody else, whenever they were written."""

import importlib.util
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs

from kernel.chain import amend, append
from kernel.clock import SystemClock
from kernel.errors import Unavailable
from kernel.ids import FacilityId, PersonId, new_id
from kernel.parties import PartyRole, add_facility, add_person
from kernel.viewer import Role, Viewer
from quality import facts, indicators
from quality.errors import FactsBehind
from quality.imports.schemas import ImportIn
from quality.imports.service import take
from quality.repository import Scope
from referral.clocks.data import MILESTONES, all_versions
from registry.facilities.rules import AreaKind
from registry.facilities.service import set_responsible_area
from registry.people.service import Grant
from tests.fixtures.database import Clone
from tests.quality.cases import (
    MORNING,
    SYSTEM,
    county_of,
    far_county_of,
    region,
    write_case,
    write_steps,
)
from tests.quality.kept import differences
from tests.quality.test_engine import FILE, PERIOD, REPORT, consult, owner_of
from tests.registry.world import World, account

SHEET = "病案号,分娩日期,孕周,分娩方式,初产妇\n"


@pytest.fixture
async def world(database: Clone) -> World:
    return await region(database)


async def everything(database: Clone, world: World) -> UUID:
    """One of everything that a fact is kept of; the case that is voided later."""
    centre, county = str(world.city_centre), str(world.county_hospital)
    session_ = {"centre_facility": centre, "institution_facility": county}
    owner = await owner_of(database, world, world.county_hospital)
    async with database.system.session(SYSTEM) as session:
        gone = await write_case(
            session,
            county_of(world),
            ("offer.accepted", 5, {"facility_id": centre}),
            ("offer.accepted", 6, {"facility_id": "nobody"}),
            ("guidance.session", 7, session_),
            ("milestone.decision_for_cs", 9, {"urgency_class": 1}),
            ("milestone.birth", 30, {"late_reason": "断网"}),
        )
        await write_case(session, far_county_of(world), request={"drill": True})
        file = {
            "id": new_id(),
            "number": "F1",
            "state": "agreed",
            "colour": "red",
            "facility": world.county_hospital,
            "region": world.county,
            "owner": owner,
            "at": MORNING,
            "plan": 1,
        }
        await session.execute(FILE, file)
    asked = await consult(database, world, "advised")
    async with database.system.session(SYSTEM) as session:
        told = {"urgency": "urgent", "consult_id": asked}
        await write_steps(session, gone, ("consult.asked", 1, told))
        await session.execute(REPORT, {"id": file["id"], "at": MORNING, "took": None})
    await bring(database, world, "1,2026-11-03,39+1,剖宫产,是\n2,2026-11-03,36,阴道,否\n")
    return gone


async def bring(database: Clone, world: World, rows: str) -> None:
    grant = Grant(Role.COORDINATOR, facility_id=world.county_hospital)
    login = f"c{new_id().hex[-8:]}"
    who, _ = await account(database.system, world.clock, login, world.county_hospital, grant)
    viewer = world.viewer(Role.COORDINATOR, world.county_hospital)
    known = Viewer(
        account_id=viewer.account_id,
        person_id=who,
        session_id=None,
        facility_id=viewer.facility_id,
        facility_ids=viewer.facility_ids,
        region_ids=viewer.region_ids,
        roles=viewer.roles,
    )
    given = ImportIn(
        sheet="front_pages",
        facility_id=world.county_hospital,
        file_name="x.csv",
        content=SHEET + rows,
        dry_run=False,
    )
    async with database.app.session(known) as session:
        await take(session, known, given, MORNING.date())


async def test_facts_written_one_by_one_are_those_written_at_once(
    database: Clone, world: World
) -> None:
    gone = await everything(database, world)
    async with database.system.session(SYSTEM) as session:
        await facts.current(session)
        assert await differences(session) == []
        kept = (await session.execute(text("SELECT count(*) FROM fact_case"))).scalar_one()
    assert kept == 2
    doctor = world.doctor
    async with database.app.session(doctor) as session:
        await amend(
            session,
            SystemClock(),
            gone,
            5,
            viewer=doctor,
            reason="分类登记有误",
            second_person=PersonId(new_id()),
            changes={"urgency_class": 2},
        )
    async with database.system.session(SYSTEM) as session:
        await write_steps(session, gone, ("referral.voided", 90), ("consult.concluded", 91))
        await session.execute(text("UPDATE case_file SET colour = 'orange'"))
        await session.execute(text("UPDATE case_file_report SET submitted_at = due_at"))
        await set_responsible_area(
            session,
            centre_id=FacilityId(world.province_centre),
            region_id=world.far_county,
            kind=AreaKind.MATERNAL,
        )
    await bring(database, world, "2,2026-11-03,38,剖宫产,否\n3,2026-11-04,40,阴道,否\n")
    async with database.system.session(SYSTEM) as session:
        assert await differences(session) != [], "the news is not there by itself"
        await facts.current(session)
        assert await differences(session) == []
        before = [await _all(session, table) for table in ("fact_case", "fact_delivery")]
        await facts.current(session)
        await facts.rebuild(session)
        assert (await session.execute(text("SELECT count(*) FROM fact_case"))).scalar_one() == 0
        await facts.current(session)
        assert await differences(session) == []
        assert before == [await _all(session, table) for table in ("fact_case", "fact_delivery")]


async def _all(session: object, table: str) -> list[str]:
    rows = await session.execute(text(f"SELECT t::text FROM {table} t ORDER BY 1"))  # type: ignore[attr-defined]
    return list(rows.scalars())


@pytest.mark.parametrize(
    "role", [Role.COMMISSION, Role.COORDINATOR, Role.EXPERT, Role.REFERRING_CLINICIAN, Role.AUDITOR]
)
async def test_facts_show_what_their_views_show(database: Clone, world: World, role: Role) -> None:
    await everything(database, world)
    async with database.system.session(SYSTEM) as session:
        moved = await write_case(session, far_county_of(world))
        await add_facility(session, moved, world.city_centre, PartyRole.ORIGIN, world.city)
        invited = await write_case(session, far_county_of(world))
        await facts.current(session)
    regional = role in (Role.COMMISSION, Role.COORDINATOR)
    for house, home in (
        (world.county_hospital, world.county),
        (world.city_centre, world.city),
        (world.stranger, world.far_county),
        (world.province_centre, world.province),
    ):
        viewer = world.viewer(role, house, *([home] if regional else []))
        async with database.system.session(SYSTEM) as session:
            await add_person(session, invited, viewer.person_id, PartyRole.EXPERT)
        async with database.app.session(viewer) as session:
            assert await differences(session) == [], (role, house)
            mine = await session.execute(text("SELECT case_id FROM fact_case"))
            seen = set(mine.scalars())
        if regional:
            assert (moved in seen) == (home in (world.city, world.far_county, world.province))
        assert invited in seen


async def test_numbers_wait_until_the_facts_hold_what_is_committed(
    database: Clone, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts.catch_up, "__defaults__", (1,))
    async with database.system.session(SYSTEM) as session:
        for _ in range(3):
            await write_case(session, county_of(world), ("offer.accepted", 5))
    with pytest.raises(FactsBehind):
        async with database.app.session(world.doctor) as session:
            await indicators.overview(session, PERIOD, "with")
    assert await facts.keep_up(database.system)
    assert await facts.keep_up(database.system)
    assert not await facts.keep_up(database.system)
    async with database.app.session(world.doctor) as session:
        assert (await indicators.overview(session, PERIOD, "with")).scope.cases == 3


async def test_a_transfer_waits_for_nobody_who_counts(database: Clone, world: World) -> None:
    async with database.system.session(SYSTEM) as session:
        case = await write_case(session, county_of(world))
    async with database.system.session(SYSTEM) as counting:
        await facts.current(counting)
        async with database.system.session(SYSTEM) as session:
            await append(session, world.clock, case, "leg.departed", viewer=SYSTEM, payload={})
        # What came meanwhile is counted next; nothing of it was taken off the queue unseen.
        assert await differences(counting) != []
        await facts.current(counting)
        assert await differences(counting) == []


UNREADABLE = ("guidance.session", 7, {"centre_facility": "nobody's id"})


async def test_a_case_that_cannot_be_computed_stops_no_other(database: Clone, world: World) -> None:
    admin = await asyncpg.connect(database.superuser_url)
    async with database.system.session(SYSTEM) as session:
        before = await write_case(session, county_of(world), ("offer.accepted", 5))
        broken = await write_case(session, county_of(world), ("offer.accepted", 5))
        await facts.current(session)
    await admin.execute(f"ALTER TABLE fact_case ADD CONSTRAINT x CHECK (case_id <> '{broken}')"
                        " NOT VALID")  # fmt: skip
    async with database.system.session(SYSTEM) as session:
        await write_steps(session, broken, ("leg.departed", 9))
        await write_case(session, far_county_of(world), UNREADABLE)
        after = await write_case(session, county_of(world), ("offer.accepted", 6))
    assert not await facts.keep_up(database.system)
    async with database.system.session(SYSTEM) as session:
        kept = set((await session.execute(text("SELECT case_id FROM fact_case"))).scalars())
        assert kept == {before, after}
        assert await missing(session, PERIOD) == 2
        assert await missing(session, replace(PERIOD, end=MORNING)) == 0
        assert await missing(session, replace(PERIOD, region_id=world.county)) == 1
        assert await missing(session, replace(PERIOD, facility_id=world.city_centre)) == 0
    async with database.app.session(world.doctor) as session:
        assert await missing(session, PERIOD) == 1, "another house's is not hers to know of"
        assert (await session.execute(text("SELECT fact_missing()"))).scalar_one() == 2
    await admin.execute("ALTER TABLE fact_case DROP CONSTRAINT x")
    await admin.close()
    with capture_logs() as logs:
        await facts.try_again(database.system)
    assert sorted(one["sqlstate"] for one in logs) == ["22P02", "23514"]
    assert not await facts.keep_up(database.system)
    async with database.system.session(SYSTEM) as session:
        kept = set((await session.execute(text("SELECT case_id FROM fact_case"))).scalars())
        assert kept == {before, after, broken}
        assert await missing(session, PERIOD) == 1


async def missing(session: AsyncSession, scope: Scope) -> int:
    return (await indicators.overview(session, scope, "with")).scope.missing


@pytest.mark.parametrize("state", ["40P01", "55P03", "57014"])
async def test_what_is_no_fault_of_a_case_sets_none_aside(
    database: Clone, world: World, state: str
) -> None:
    admin = await asyncpg.connect(database.superuser_url)
    async with database.system.session(SYSTEM) as session:
        await write_case(session, county_of(world))
    await admin.execute(f"""
        CREATE FUNCTION x() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'busy' USING ERRCODE = '{state}'; END $$;
        CREATE TRIGGER x BEFORE INSERT ON fact_case EXECUTE FUNCTION x();""")
    with pytest.raises((DBAPIError, Unavailable)):
        await facts.keep_up(database.system)
    await admin.execute("DROP TRIGGER x ON fact_case; DROP FUNCTION x")
    await admin.close()
    assert not await facts.keep_up(database.system)
    async with database.system.session(SYSTEM) as session:
        assert await differences(session) == []
        assert await missing(session, PERIOD) == 0


def test_every_milestone_has_its_column_and_every_attribute_is_kept() -> None:
    path = next(Path("server/migrations/versions").glob("*_facts.py"))
    spec = importlib.util.spec_from_file_location("facts_migration", path)
    assert spec is not None
    assert spec.loader is not None
    migration = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(migration)
    assert set(migration.MILESTONES) == set(MILESTONES)
    asked = {
        interval.start
        for entry in all_versions()
        for interval in entry.interval.values()
        if interval.where
    }
    assert asked <= set(migration.SAID)


async def test_houses_at_once_are_those_asked_one_by_one(database: Clone, world: World) -> None:
    both = text(
        "SELECT coalesce(array_agg(f.id ORDER BY f.id), '{}') AS one_by_one,"
        " (SELECT coalesce(array_agg(h.id ORDER BY h.id), '{}') FROM app_houses() AS h (id))"
        " AS at_once FROM facility f WHERE app_sees_house(f.id)"
    )
    seen = set()
    for role, house, places in (
        (Role.REFERRING_CLINICIAN, world.county_hospital, ()),
        (Role.MEDICAL_AFFAIRS, world.city_centre, ()),
        (Role.COORDINATOR, world.city_centre, (world.city,)),
        (Role.COMMISSION, world.city_centre, (world.city, world.far_county)),
        (Role.COMMISSION, world.province_centre, (world.province,)),
        (Role.EXPERT, world.stranger, ()),
        (Role.AUDITOR, world.stranger, ()),
    ):
        async with database.app.session(world.viewer(role, house, *places)) as session:
            told = (await session.execute(both)).one()
        assert told.one_by_one == told.at_once, role
        seen.add(len(told.at_once))
    assert len(seen) > 3
