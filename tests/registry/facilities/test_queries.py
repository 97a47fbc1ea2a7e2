"""Places: who answers for whom, on which day."""

from datetime import UTC, date, datetime

import pytest

from kernel.errors import NotFound
from kernel.ids import FacilityId, new_id
from kernel.viewer import Viewer
from registry.facilities import queries, service
from registry.facilities.rules import AreaKind, FacilityRole, Tier
from tests.fixtures.database import Clone
from tests.registry.world import START, World

MATERNAL = AreaKind.MATERNAL


async def test_a_hospital_without_its_own_centre_climbs_to_the_nearest(
    database: Clone, world: World
) -> None:
    async with database.app.session(world.doctor) as session:
        centre = queries.designated_centre
        # A county centre is not referred to itself.
        assert await centre(session, world.county_hospital, MATERNAL, START) == world.city_centre
        assert await centre(session, world.city_centre, MATERNAL, START) == world.province_centre
        # Nobody answers for the far county or its city: the province does.
        assert await centre(session, world.stranger, MATERNAL, START) == world.province_centre
        assert await centre(session, world.province_centre, MATERNAL, START) is None
        assert await centre(session, world.county_hospital, AreaKind.NEONATAL, START) is None


async def test_areas_change_at_midnight_in_china(database: Clone, world: World) -> None:
    async with database.system.session(Viewer.system("test")) as session:
        await service.set_responsible_area(
            session,
            centre_id=world.stranger,
            region_id=world.county,
            kind=AreaKind.NEONATAL,
            since=date(2026, 12, 1),
            until=date(2026, 12, 2),
        )
        found = [
            await queries.designated_centre(session, world.county_hospital, AreaKind.NEONATAL, at)
            for at in (
                datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC),
                datetime(2026, 11, 30, 16, 0, tzinfo=UTC),
                datetime(2026, 12, 1, 15, 59, 59, tzinfo=UTC),
                datetime(2026, 12, 1, 16, 0, tzinfo=UTC),
            )
        ]
    assert found == [None, world.stranger, world.stranger, None]


async def test_facilities_show_the_roles_of_the_day_and_their_phones(
    database: Clone, world: World
) -> None:
    async with database.system.session(Viewer.system("test")) as session:
        await service.add_contact(
            session, world.stranger, kind="duty", label="总值班", phone="19900000001"
        )
        await service.designate(
            session, world.stranger, FacilityRole.NEONATAL_CENTRE, date(2027, 1, 1)
        )
        now = {place.id: place for place in await queries.facilities(session, START)}
        later = await queries.facilities(
            session, datetime(2027, 1, 1, tzinfo=UTC), role=FacilityRole.NEONATAL_CENTRE
        )
        counties = await queries.facilities(session, START, tier=Tier.COUNTY)
    assert now[world.stranger].roles == []
    assert now[world.stranger].contacts[0].phone == "19900000001"
    assert now[world.city_centre].roles == ["maternal_centre", "midwifery"]
    assert [place.id for place in later] == [world.stranger]
    assert {place.id for place in counties} == {world.stranger, world.county_hospital}


async def test_the_nearest_region_with_a_role(database: Clone, world: World) -> None:
    async with database.app.session(world.doctor) as session:
        role = FacilityRole.MATERNAL_CENTRE
        near = await queries.with_role(session, role, START, world.county)
        far = await queries.with_role(session, role, START, world.far_county)
        assert near == [world.county_hospital]
        assert far == [world.province_centre]
        assert await queries.has_role(session, world.city_centre, role, START)
        assert not await queries.has_role(session, world.stranger, role, START)


async def test_unknown_places_are_not_found(database: Clone, world: World) -> None:
    nowhere = FacilityId(new_id())
    async with database.app.session(world.doctor) as session:
        assert await queries.get_many(session, [nowhere]) == {}
        with pytest.raises(NotFound):
            await queries.get(session, nowhere)
        with pytest.raises(NotFound):
            await queries.region_of(session, nowhere)
        assert await queries.region_of(session, world.stranger) == world.far_county
