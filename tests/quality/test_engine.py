"""Each population counts what it says: shares, single centres, districts, files, consults."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.chain import append
from kernel.clock import SimulatedClock
from kernel.ids import CaseId, FacilityId, new_id
from kernel.parties import PartyRole, add_facility
from kernel.viewer import Role, Viewer
from quality import facts, indicators, repository
from quality.compiling import compiled
from quality.repository import Scope
from quality.schemas import CountValue, ElsewhereValue, ShareValue, Value
from quality.vocabulary import Criterion, ShareMeasure
from registry.facilities.rules import FacilityRole, Level, Tier
from registry.facilities.service import create_facility, create_region
from registry.people.service import Grant
from tests.fixtures.database import Clone
from tests.quality.cases import (
    MORNING,
    SYSTEM,
    Place,
    county_of,
    far_county_of,
    region,
    write_case,
    write_steps,
)
from tests.registry.world import World, account

PERIOD = Scope(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC))


@pytest.fixture
async def world(database: Clone) -> World:
    return await region(database)


@pytest.fixture(scope="module")
async def limits(module_database: Clone) -> World:
    return await region(module_database)


async def value(session: AsyncSession, code: str, scope: Scope = PERIOD) -> Value:
    return (await indicators.detail(session, scope, "with", code)).indicator.value


async def test_a_share_says_of_how_many_and_each_centre_counts_for_itself(
    database: Clone, world: World
) -> None:
    centre = Place(world.city_centre, world.city)
    async with database.system.session(SYSTEM) as session:
        for _ in range(3):
            await write_case(session, county_of(world), ("offer.accepted", 5))
        await write_case(session, centre, ("offer.accepted", 5))
        await write_case(session, centre)
        await write_case(session, far_county_of(world))  # no rescue centre
        await write_case(session, centre, ("offer.accepted", 5), request={"drill": True})
        found = await value(session, "referrals_accepted")
        online = await value(session, "online_referrals")
        one_house = Scope(PERIOD.start, PERIOD.end, facility_id=world.city_centre)
        alone = await value(session, "referrals_accepted", one_house)
    assert isinstance(found, ShareValue)
    assert (found.n, found.of, found.value) == (4, 6, pytest.approx(400 / 6))
    assert {(one.centre.id, one.met, one.n) for one in found.by_centre} == {
        (world.county_hospital, 3, 3),
        (world.city_centre, 1, 2),
        (world.stranger, 0, 1),
    }
    # 100 % and 50 %, not 4 of 5; the province's centre sent nothing.
    assert found.mean is not None
    assert (found.mean.centres, found.mean.without, found.mean.value) == (2, 1, 75)
    assert isinstance(online, CountValue)
    assert online.mean is not None
    assert (online.n, online.mean.centres, online.mean.value) == (6, 3, pytest.approx(5 / 3))
    assert isinstance(alone, ShareValue)
    assert (alone.of, alone.mean) == (2, None)


async def test_districts_are_covered_while_a_centre_lies_in_them(
    database: Clone, world: World
) -> None:
    async with database.system.session(SYSTEM) as session:
        third = await create_region(
            session, code="990122", name="云溪县", level=Level.COUNTY, parent_id=world.city
        )
        before = await value(session, "rescue_centre_coverage")
        await create_facility(
            session,
            region_id=third,
            code="云溪",
            name="云溪县医院",
            short_name="云溪",
            tier=Tier.COUNTY,
            roles=[FacilityRole.MATERNAL_CENTRE],
        )
        after = await value(session, "rescue_centre_coverage")
        city = Scope(PERIOD.start, PERIOD.end, region_id=world.city)
        in_city = await value(session, "rescue_centre_coverage", city)
        house = Scope(PERIOD.start, PERIOD.end, facility_id=world.stranger)
        of_house = await value(session, "rescue_centre_coverage", house)
        behind = await indicators.behind(session, PERIOD, "with", "rescue_centre_coverage")
    seen = []
    for one in (before, after, in_city, of_house):
        assert isinstance(one, ShareValue)
        seen.append((one.n, one.of))
    assert seen == [(1, 3), (2, 3), (2, 2), (0, 1)]
    assert {(one.number, one.met, one.case_id) for one in behind.cases} == {
        ("石桥县", True, None),
        ("竹溪县", False, None),
        ("云溪县", True, None),
    }


@pytest.mark.parametrize(
    ("minutes", "met"), [(-1, False), (0, True), (30, True), (30.1, False), (None, False)]
)
@pytest.mark.parametrize("negate", [False, True])
async def test_both_ends_of_a_limit_of_time_are_inside(
    module_database: Clone, limits: World, minutes: float | None, met: bool, negate: bool
) -> None:
    criterion = Criterion(reached="birth", after="accepted", within_s=1800, negate=negate)
    rows = compiled(ShareMeasure(of="cases", met=[criterion]))
    assert rows is not None
    async with module_database.system.session(SYSTEM) as session:
        steps = [("offer.accepted", 10.0)]
        steps += [] if minutes is None else [("milestone.birth", 10 + minutes)]
        case_id = await write_case(session, county_of(limits), *steps)
        await facts.current(session)
        found = await repository.members(session, PERIOD, "with", rows, 100)
    (mine,) = [one for one in found if one.case_id == case_id]
    # Without a birth nobody knows: neither the limit nor its opposite holds.
    assert mine.met == (minutes is not None and met != negate)


FILE = text(
    """
    INSERT INTO case_file (id, number, state, version, patient_id, pregnancy_id, colour, purple,
      reason, facility_id, region_id, owner_id, opened_at, graded_at, plan_no, rules_version, demo,
      simulated, ended_at)
    VALUES (:id, :number, :state, 1, gen_random_uuid(), gen_random_uuid(), :colour, false, 'grade',
      :facility, :region, :owner, :at, :at, :plan, 'v1', false, false,
      CASE WHEN CAST(:state AS text) = 'voided' THEN CAST(:at AS timestamptz) END)
    """
)
REPORT = text(
    """
    INSERT INTO case_file_report (id, case_id, no, state, purple, due_at, started_at, submitted_at,
      rules_version)
    VALUES (gen_random_uuid(), :id, 1, 'due', false, CAST(:at AS timestamptz) + interval '1 day',
      :at, CAST(:at AS timestamptz) + CAST(:took AS interval), 'v1')
    """
)


async def owner_of(database: Clone, world: World, facility: FacilityId) -> UUID:
    grant = Grant(Role.REFERRING_CLINICIAN, facility_id=facility)
    person, _ = await account(database.system, world.clock, "owner", facility, grant)
    return person


async def test_case_files_are_reported_in_time_and_agreed(database: Clone, world: World) -> None:
    owner = await owner_of(database, world, world.county_hospital)
    files = [
        ("red", "agreed", timedelta(hours=5)),
        ("orange", "opened", timedelta(hours=30)),
        ("orange", "opened", None),
        ("yellow", "opened", "no report"),
        ("red", "voided", timedelta(hours=1)),
    ]
    async with database.system.session(SYSTEM) as session:
        for n, (colour, state, took) in enumerate(files):
            values = {
                "id": new_id(),
                "number": f"F{n}",
                "state": state,
                "colour": colour,
                "facility": world.county_hospital,
                "region": world.county,
                "owner": owner,
                "at": MORNING,
                "plan": 1 if state == "agreed" else None,
            }
            await session.execute(FILE, values)
            if took != "no report":
                late = {"id": values["id"], "at": MORNING, "took": took}
                await session.execute(REPORT, late)
        in_time = await value(session, "case_files_reported_in_time")
        agreed = await value(session, "case_files_plan_agreed")
    assert isinstance(in_time, ShareValue)
    assert (in_time.n, in_time.of) == (1, 3)
    assert [(one.key, one.n) for one in in_time.outside] == [("report_due", 1)]
    assert isinstance(agreed, ShareValue)
    assert (agreed.n, agreed.of) == (1, 3)


async def consult(database: Clone, world: World, outcome: str | None, **said: object) -> UUID:
    """A consultation on the chain, as the county's doctor asks for it and somebody concludes it."""
    doctor, case_id, clock = world.doctor, CaseId(new_id()), SimulatedClock(MORNING)
    async with database.app.session(doctor) as session:
        await add_facility(session, case_id, world.county_hospital, PartyRole.ORIGIN, world.county)
        facts = {"urgency": "urgent", **said}
        await append(session, clock, case_id, "consult.asked", viewer=doctor, payload=facts)
        if outcome:
            done = {"outcome": outcome}
            await append(session, clock, case_id, "consult.concluded", viewer=doctor, payload=done)
    return case_id


async def test_consultations_count_once_they_were_held(database: Clone, world: World) -> None:
    async with database.system.session(SYSTEM) as session:
        drill = await write_case(session, county_of(world), request={"drill": True})
        case = await write_case(session, county_of(world))
    for outcome, of_case in (
        ("advised", case),
        ("not_held", None),
        (None, None),
        ("advised", drill),
    ):
        made = await consult(database, world, outcome)
        if of_case is not None:
            told = {"urgency": "urgent", "consult_id": made}
            async with database.system.session(SYSTEM) as session:
                await write_steps(session, of_case, ("consult.asked", 1, told))
    # The commission counts them too, though it may not read what was asked.
    for viewer in (world.doctor, world.viewer(Role.COMMISSION, world.city_centre, world.city)):
        async with database.app.session(viewer) as session:
            found = await value(session, "remote_consults", PERIOD)
            behind = await indicators.behind(session, PERIOD, "with", "remote_consults")
        assert isinstance(found, CountValue)
        assert (found.n, [(one.key, one.n) for one in found.outside]) == (1, [("held", 2)])
        assert len(behind.cases) == 3


async def test_what_is_computed_elsewhere_says_so_and_has_no_number(
    database: Clone, world: World
) -> None:
    async with database.system.session(SYSTEM) as session:
        found = await indicators.detail(session, PERIOD, "with", "maternal_mortality")
        behind = await indicators.behind(session, PERIOD, "with", "maternal_mortality")
    assert isinstance(found.indicator.value, ElsewhereValue)
    assert (found.points, found.months, behind.cases) == ([], [], [])


@pytest.mark.parametrize(
    ("role", "cases"), [(Role.EXPERT, 0), (Role.REFERRING_CLINICIAN, 1), (Role.AUDITOR, 0)]
)
async def test_no_population_shows_more_than_the_viewer_may_see(
    database: Clone, world: World, role: Role, cases: int
) -> None:
    house = world.city_centre if role is Role.EXPERT else world.county_hospital
    viewer: Viewer = world.viewer(role, house)
    async with database.system.session(SYSTEM) as session:
        await write_case(session, county_of(world), ("offer.accepted", 5))
    async with database.app.session(viewer) as session:
        found = await indicators.overview(session, PERIOD, "with")
    counts = {
        one.definition.code: one.value.of if isinstance(one.value, ShareValue) else 0
        for one in found.indicators
    }
    assert counts["referrals_accepted"] == cases
    assert counts["rescue_centre_coverage"] == 2, "districts are no secret"
