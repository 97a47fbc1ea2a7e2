"""医务科 counts its own house as its clinicians do, nobody else's, and opens no case for it."""

from dataclasses import replace
from random import Random
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import NotFound
from kernel.ids import CaseId, FacilityId
from kernel.parties import PartyRole, add_facility
from kernel.viewer import Role, Viewer
from quality import course, ddi, facts, indicators
from quality.frozen import queries
from quality.schemas import Indicators, IntervalValue
from tests.fixtures.database import Clone
from tests.quality.cases import SYSTEM, far_county_of, region, write_case, write_steps
from tests.quality.frozen.test_frozen import commission, freeze, frozen_overview, spread
from tests.quality.more import Stories
from tests.quality.more_cases import a_death
from tests.quality.rounds.told import somebody
from tests.quality.test_engine import PERIOD
from tests.quality.test_facts import bring, everything
from tests.registry.world import World, account

ACCEPTED = "request_to_accept"
BY_CASE = ("fact_case", "fact_guidance", "fact_consult", "fact_case_file")


@pytest.fixture
async def world(database: Clone) -> World:
    """One of everything of the county's house, a case that the centre took over, and a far one."""
    world = await region(database)
    case_id = await everything(database, world)
    async with database.system.session(SYSTEM) as session:
        await add_facility(session, CaseId(case_id), world.city_centre, PartyRole.RECEIVER)
        await write_case(session, far_county_of(world), ("offer.accepted", 11))
        [file_id] = (await session.execute(text("SELECT id FROM case_file"))).scalars()
        await add_facility(session, file_id, world.county_hospital, PartyRole.ORIGIN, world.county)
    await bring(database, world, "1,2026-11-02,39+1,剖宫产,是\n2,2026-11-02,36,阴道,否\n")
    while await facts.keep_up(database.system):
        pass
    return world


async def affairs(database: Clone, world: World, house: FacilityId) -> Viewer:
    return await somebody(database, world, Role.MEDICAL_AFFAIRS, house)


async def told(database: Clone, viewer: Viewer, **where: Any) -> Indicators:
    async with database.app.session(viewer) as session:
        return await indicators.overview(session, replace(PERIOD, **where), "with")


async def test_its_numbers_are_those_of_the_house(database: Clone, world: World) -> None:
    seen = []
    for house in (world.county_hospital, world.city_centre, world.stranger):
        office = await affairs(database, world, house)
        doctor = world.viewer(Role.EXPERT, house)
        theirs = await told(database, office, facility_id=house)
        assert theirs == await told(database, doctor, facility_id=house), house
        assert theirs.scope.cases == 1, house
        seen.append(spread(theirs, ACCEPTED))
    assert seen == [(1, 300), (1, 300), (1, 660)]


async def test_it_sees_no_fact_of_another_house(database: Clone, world: World) -> None:
    office = await affairs(database, world, world.stranger)
    for where in (
        {"facility_id": world.county_hospital},
        {"facility_id": world.city_centre},
        {"region_id": world.city},
    ):
        found = await told(database, office, **where)
        assert found.scope.cases == found.scope.drills_left_out == 0
        for one in found.indicators:
            if getattr(one.definition.measure, "of", "") == "districts":
                continue  # which districts have a centre, everybody knows
            value = msgspec.to_builtins(one.value)
            told_ = [value.get("n"), value.get("of"), value.get("distribution", {}).get("n")]
            assert not any(told_), one.definition.code
    assert spread(await told(database, office), ACCEPTED) == (1, 660)
    nobody = world.viewer(Role.MEDICAL_AFFAIRS, world.county_hospital)
    for viewer, n in ((office, 2), (nobody, 0)):
        async with database.app.session(viewer) as session:
            rows = [
                (await session.execute(text(f"SELECT count(*) FROM {one}"))).scalar_one()
                for one in BY_CASE
            ]
        assert rows == [n, 0, 0, 0]


async def test_cases_behind_a_number_stay_closed(database: Clone, world: World) -> None:
    house = world.county_hospital
    office, doctor = await affairs(database, world, house), world.viewer(Role.EXPERT, house)
    shown, opened = [], list[UUID | None]()
    for viewer in (doctor, office):
        async with database.app.session(viewer) as session:
            behind = await indicators.behind(session, PERIOD, "with", ACCEPTED)
            detail = await indicators.detail(session, PERIOD, "with", ACCEPTED)
            classes = (await ddi.split(session, PERIOD)).classes
            files = await indicators.behind(session, PERIOD, "with", "ob_caesarean_rate")
        counted = detail.indicator.value
        assert isinstance(counted, IntervalValue)
        assert counted.distribution.n == classes[0].total.with_late.n == 1
        shown.append(
            (len(behind.cases), behind.unlisted, len(detail.points), len(classes[0].cases))
        )
        assert (len(files.cases), files.unlisted) == (2, 0), "rows of files are nobody's case"
        opened += [one.case_id for one in behind.cases]
    assert shown == [(1, 0, 1, 1), (0, 1, 0, 0)]
    with pytest.raises(NotFound):
        async with database.app.session(office) as session:
            await course.timeline(session, CaseId(UUID(str(opened[0]))))


async def test_who_treats_as_well_is_shown_what_they_treat(database: Clone, world: World) -> None:
    office = await affairs(database, world, world.county_hospital)
    both = replace(
        office,
        roles=frozenset({Role.MEDICAL_AFFAIRS, Role.COORDINATOR}),
        facility_ids=frozenset({world.county_hospital}),
    )
    async with database.app.session(both) as session:
        behind = await indicators.behind(session, PERIOD, "with", ACCEPTED)
        sessions = await indicators.behind(session, PERIOD, "with", "responsible_area_guidance")
    assert (len(behind.cases), behind.unlisted) == (1, 0)
    assert (len(sessions.cases), sessions.unlisted) == (1, 0)


async def test_closed_periods_read_alike(database: Clone, world: World) -> None:
    commissioner = await commission(database, world, world.province)
    period = await freeze(database, commissioner, world.province)
    house = world.county_hospital
    office, doctor = await affairs(database, world, house), world.viewer(Role.EXPERT, house)
    far = await affairs(database, world, world.stranger)
    kept = await frozen_overview(database, office, period, facility_id=house)
    assert kept == await frozen_overview(database, doctor, period, facility_id=house)
    assert spread(kept, ACCEPTED) == (1, 300)
    other = await frozen_overview(database, far, period, facility_id=house)
    assert (other.scope.cases, spread(other, ACCEPTED)) == (0, (0, None))
    # What changed since is told in numbers, and case by case to who may open the case.
    async with database.system.session(SYSTEM) as session:
        asked = text("SELECT case_id FROM fact_case WHERE origin = :house")
        [case_id] = (await session.execute(asked, {"house": house})).scalars()
        await write_steps(session, CaseId(case_id), ("referral.voided", 90))
    listed = []
    for viewer in (doctor, office):
        async with database.app.session(viewer) as session:
            changed = await queries.difference(session, period, "with")
        [one] = [one for one in changed.indicators if one.definition.code == ACCEPTED]
        assert one.frozen != one.now
        listed.append(len(one.changes))
    assert listed == [1, 0]


async def test_steps_after_a_death_count_for_the_house_that_owes_them(
    database: Clone, world: World
) -> None:
    told = Stories(world, Random(20261128))
    by = [
        (await account(database.system, world.clock, f"p{n}", world.city_centre))[0]
        for n in range(2)
    ]
    async with database.system.session(SYSTEM) as session:
        for _ in range(12):
            await a_death(session, told, by)
        every = await steps(session)
    assert len(every) == 3
    for house in every:
        async with database.app.session(await affairs(database, world, house)) as session:
            assert await steps(session) == {house: every[house]}


async def steps(session: AsyncSession) -> dict[FacilityId, int]:
    """How many steps each house owes or took, of those that the viewer counts."""
    found = await session.execute(
        text(
            "SELECT house, count(*) AS n FROM quality_death_steps('-infinity', 'infinity')"
            " GROUP BY house"
        )
    )
    return {row.house: row.n for row in found}
