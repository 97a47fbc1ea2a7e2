"""Commands on the organisation tree."""

from datetime import date

import pytest
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import Range

from kernel.errors import Conflict
from kernel.ids import RegionId, new_id
from kernel.viewer import Viewer
from registry.facilities import queries, service
from registry.facilities.errors import AreaOverlaps, RegionUnknown
from registry.facilities.models import RegionClosure, ResponsibleArea
from registry.facilities.rules import AreaKind, FacilityRole, Level
from tests.fixtures.database import Clone
from tests.registry.world import World

SYSTEM = Viewer.system("test")


async def test_the_closure_holds_every_ancestor(database: Clone, world: World) -> None:
    async with database.system.session(SYSTEM) as session:
        town = await service.create_region(
            session,
            code="990121100",
            name="河口镇",
            level=Level.TOWNSHIP,
            parent_id=world.county,
        )
        rows = await session.execute(
            select(RegionClosure.ancestor_id, RegionClosure.depth)
            .where(RegionClosure.descendant_id == town)
            .order_by(RegionClosure.depth)
        )
        names = [region.name for region in await queries.regions(session)]
    assert rows.tuples().all() == [
        (town, 0),
        (world.county, 1),
        (world.city, 2),
        (world.province, 3),
    ]
    assert names == ["云山省", "清江市", "石桥县", "河口镇", "南岭市", "竹溪县"]


async def test_a_region_needs_a_known_parent(database: Clone, world: World) -> None:
    with pytest.raises(RegionUnknown):
        async with database.system.session(SYSTEM) as session:
            await service.create_region(
                session,
                code="990999",
                name="无",
                level=Level.COUNTY,
                parent_id=RegionId(new_id()),
            )


async def test_two_centres_never_answer_for_one_region(database: Clone, world: World) -> None:
    with pytest.raises(AreaOverlaps):
        async with database.system.session(SYSTEM) as session:
            await service.set_responsible_area(
                session,
                centre_id=world.stranger,
                region_id=world.county,
                kind=AreaKind.MATERNAL,
                since=date(2030, 1, 1),
            )


async def test_the_database_itself_refuses_the_overlap(database: Clone, world: World) -> None:
    with pytest.raises(Conflict) as refused:
        async with database.system.session(SYSTEM) as session:
            session.add(
                ResponsibleArea(
                    id=new_id(),
                    centre_id=world.stranger,
                    region_id=world.county,
                    kind="maternal",
                    during=Range(date(2030, 1, 1), None),
                )
            )
    assert refused.value.fields["constraint"] == "ex_responsible_area_overlap"


async def test_after_one_area_ends_another_begins(database: Clone, world: World) -> None:
    async with database.system.session(SYSTEM) as session:
        await session.execute(
            text(
                "UPDATE responsible_area SET during = daterange(lower(during), '2027-01-01')"
                " WHERE region_id = :region"
            ),
            {"region": world.county},
        )
        await service.set_responsible_area(
            session,
            centre_id=world.stranger,
            region_id=world.county,
            kind=AreaKind.MATERNAL,
            since=date(2027, 1, 1),
        )


async def test_a_facility_holds_a_role_once_a_day(database: Clone, world: World) -> None:
    with pytest.raises(Conflict) as refused:
        async with database.system.session(SYSTEM) as session:
            await service.designate(
                session, world.city_centre, FacilityRole.MATERNAL_CENTRE, date(2026, 1, 1)
            )
    assert refused.value.fields["constraint"] == "ex_facility_role_overlap"


async def test_units_have_names_of_their_own(database: Clone, world: World) -> None:
    async with database.system.session(SYSTEM) as session:
        await service.create_unit(session, world.city_centre, kind="obstetrics", name="产科")
    with pytest.raises(Conflict):
        async with database.system.session(SYSTEM) as session:
            await service.create_unit(session, world.city_centre, kind="obstetrics", name="产科")
