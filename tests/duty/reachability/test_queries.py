"""The board on a real roster: gaps first, tomorrow too, and foreign houses not at all."""

from datetime import timedelta

from duty.reachability import queries
from duty.reachability.schemas import ReachBoard
from duty.rosters import leave, presence
from duty.rosters.oncall import DutyTier
from kernel.viewer import Role, Viewer
from tests.duty.region import SEEDER, Region


async def board(region: Region, viewer: Viewer) -> ReachBoard:
    async with region.clone.app.session(viewer) as session:
        return await queries.board(session, viewer, region.clock.now())


async def test_gaps_stand_first_and_whoever_is_there_last(region: Region) -> None:
    expert = region.experts[DutyTier.FIRST]
    async with region.clone.app.session(expert) as session:
        await presence.sign_on(session, expert, "phone")
    found = await board(region, expert)
    assert found.places[0].marks == ["gap"]
    (mine,) = [one for one in found.places if one.person_id == expert.person_id]
    assert (mine.signed_on, mine.online, mine.devices, mine.now) == (True, True, 1, True)
    assert mine.marks == ["no_point"]
    (away,) = [one for one in found.places if one.tier == "second" and one.person_id]
    assert away.marks == ["no_point", "away", "not_signed_on"]


async def test_the_end_of_a_shift_within_a_day_is_a_gap_of_its_own(region: Region) -> None:
    found = await board(region, region.experts[DutyTier.LEAD])
    gaps = [one for one in found.places if one.tier == "first" and one.person is None]
    assert [one.now for one in gaps] == [False]
    assert gaps[0].end == found.until
    assert timedelta(hours=22) < gaps[0].start - found.at < timedelta(hours=24)


async def test_whoever_is_on_leave_fills_no_place_meanwhile(region: Region) -> None:
    expert, now = region.experts[DutyTier.FIRST], region.clock.now()
    away = (now + timedelta(hours=2), now + timedelta(hours=4))
    async with region.clone.system.session(SEEDER) as session:
        await leave.record(
            session,
            region.clock,
            SEEDER,
            person_id=expert.person_id,
            period=away,
            kind="training",
        )
    found = await board(region, region.experts[DutyTier.LEAD])
    first = sorted((one for one in found.places if one.tier == "first"), key=lambda one: one.start)
    assert [one.person_id for one in first] == [expert.person_id, None, expert.person_id, None]
    assert (first[1].start, first[1].end) == away
    assert first[1].marks == ["gap"]


async def test_a_house_without_a_part_in_it_is_not_shown(region: Region) -> None:
    stranger = await region.staff(region.county, Role.COORDINATOR)
    assert (await board(region, stranger)).places == []
