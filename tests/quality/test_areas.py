"""An indicator on the map: regions and facilities under a region, beside a baseline."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kernel.errors import NotFound
from kernel.ids import FacilityId, RegionId, new_id
from kernel.viewer import Role
from quality.areas import areas
from quality.errors import IndicatorUnknown
from quality.outlines import outlines
from server.demo.region import PLACES
from tests.fixtures.database import Clone
from tests.quality.cases import MORNING, SYSTEM, county_of, far_county_of, region, write_case
from tests.quality.test_engine import PERIOD
from tests.registry.world import World

AT = MORNING + timedelta(days=1)
CODE = "request_to_accept"


@pytest.fixture
async def world(database: Clone) -> World:
    found = await region(database)
    async with database.system.session(SYSTEM) as session:
        for minutes in (4, 12):
            await write_case(session, county_of(found), ("offer.accepted", minutes))
        await write_case(session, far_county_of(found), ("offer.accepted", 30))
    return found


async def test_it_goes_from_the_province_to_the_facility(database: Clone, world: World) -> None:
    async with database.system.session(SYSTEM) as session:
        top = await areas(session, AT, PERIOD, "with", CODE)
        assert [one.name for one in top.path] == [top.here.name if top.here else ""]
        assert top.here is not None
        assert (top.here.n, top.here.value, top.here.beside) == (3, 720, "above")
        cities = {one.id: one for one in top.parts if one.kind == "region"}
        assert (cities[world.city].n, cities[world.city].value) == (2, 480)
        assert cities[world.city].beside == "within"
        city = await areas(session, AT, replace(PERIOD, region_id=world.city), "with", CODE)
        assert [one.id for one in city.path] == [world.province, world.city]
        inside = {one.id: one for one in city.parts}
        assert (inside[world.county].kind, inside[world.county].n) == ("region", 2)
        county = await areas(session, AT, replace(PERIOD, region_id=world.county), "with", CODE)
        (house,) = [one for one in county.parts if one.id == world.county_hospital]
        assert (house.kind, house.n, house.met, house.value) == ("facility", 2, None, 480)
        share = await areas(session, AT, PERIOD, "with", "referrals_accepted")
        assert share.here is not None
        assert (share.here.n, share.here.met, share.here.value) == (3, 3, 100)
        count = await areas(session, AT, PERIOD, "with", "online_referrals")
        assert count.here is not None
        assert (count.here.n, count.here.value, count.here.beside) == (3, 3, None)
        waiting = await areas(session, AT, PERIOD, "with", "rescue_centre_support")
        assert {one.value for one in waiting.parts} == {None}


async def test_it_begins_where_the_viewer_oversees(database: Clone, world: World) -> None:
    viewer = world.viewer(Role.COMMISSION, FacilityId(new_id()), world.city)
    async with database.app.session(viewer) as session:
        found = await areas(session, AT, PERIOD, "with", CODE)
        assert [one.id for one in found.path] == [world.city]
        assert found.here is not None
        assert found.here.n == 2
        foreign = replace(PERIOD, region_id=world.far_county)
        elsewhere = await areas(session, AT, foreign, "with", CODE)
        assert elsewhere.here is not None
        assert elsewhere.here.n == 0, "she counts nobody there"
        with pytest.raises(NotFound):
            await areas(session, AT, replace(PERIOD, region_id=RegionId(new_id())), "with", CODE)
        with pytest.raises(IndicatorUnknown):
            await areas(session, AT, PERIOD, "with", "nonsense")


def test_every_region_of_the_demo_has_an_outline_that_closes() -> None:
    found = outlines()
    assert {one.code for one in PLACES.regions} <= found.keys()
    for rings in found.values():
        assert all(ring[0] == ring[-1] and len(ring) > 10 for ring in rings)


def test_neighbours_share_their_border() -> None:
    """Every point of a county's outline is on another's, or on the province's."""
    found = outlines()
    tops = {one.code: one.parent for one in PLACES.regions if one.level == "city"}
    of_cities = [set(found[code][0]) for code in tops]
    whole = set(found["990000"][0])
    for points in of_cities:
        others = set().union(*(one for one in of_cities if one is not points))
        assert points <= others | whole
