"""The phone book holds who answers for a county now: by the roster, gaps said."""

from datetime import timedelta

from duty.phones import queries
from duty.phones.schemas import PhoneBook
from duty.rosters.oncall import DutyTier
from kernel.viewer import Role
from registry.facilities import service as facilities
from registry.facilities.rules import AreaKind, local_date
from tests.duty.region import SEEDER, Region


async def designate(region: Region) -> None:
    """The centre answers for the county's mothers."""
    async with region.clone.system.session(SEEDER) as session:
        await facilities.set_responsible_area(
            session,
            centre_id=region.centre,
            region_id=region.county_region,
            kind=AreaKind.MATERNAL,
            since=local_date(region.clock.now()) - timedelta(days=1),
        )


async def book(region: Region) -> PhoneBook:
    async with region.clone.app.session(region.doctor) as session:
        return await queries.book(session, region.sealer, region.county, region.clock.now())


async def test_the_responsible_centre_stands_first_with_everybody_on_call(region: Region) -> None:
    await designate(region)
    found = await book(region)
    assert [place.relation for place in found.places] == ["centre", "own"]
    centre = found.places[0]
    assert {entry.tier for entry in centre.list.entries} == {
        "first",
        "second",
        "lead",
        "general_duty",
    }
    assert all(entry.until is not None for entry in centre.list.entries)
    assert centre.gaps == 1
    assert [entry.label for entry in found.places[1].list.entries] == ["产科值班"]


async def test_it_follows_the_roster_to_the_second(region: Region) -> None:
    await designate(region)
    late = await region.staff(region.centre, Role.EXPERT, name="宋安澜")
    end = region.clock.now() + timedelta(hours=23)
    await region.shift(DutyTier.FIRST, late, end)
    before = await book(region)
    async with region.clone.app.session(region.doctor) as session:
        after = await queries.book(session, region.sealer, region.county, end)
    names = [
        {entry.person for entry in one.places[0].list.entries if entry.tier == "first"}
        for one in (before, after)
    ]
    assert names == [{"林晓岚"}, {"宋安澜"}]


async def test_a_county_nobody_answers_for_still_has_its_own_desk(region: Region) -> None:
    found = await book(region)
    assert [place.relation for place in found.places] == ["own"]
