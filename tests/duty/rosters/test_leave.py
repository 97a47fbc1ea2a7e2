"""Leave over a published roster: the substitute takes the shifts, or they stand and show."""

import pytest
from sqlalchemy import text

from duty.changes import partners
from duty.rosters import gaps, leave, repository, service, setup_queries
from duty.rosters.errors import PersonBusy
from duty.rosters.rules import Period
from kernel.errors import BadInput
from kernel.ids import PersonId
from kernel.viewer import Viewer
from tests.duty.changes.ward import account
from tests.duty.region import SEEDER, Region
from tests.duty.rosters.ward import DAY, START, Ward, ward

AWAY: Period = (START + DAY, START + 2 * DAY)


@pytest.fixture
async def icu(region: Region) -> Ward:
    """Three days of the first line are the first person's."""
    found = await ward(region)
    plan_id = await found.draft()
    await found.put(plan_id, (found.first, found.people[0], 0, 3))
    await found.through(plan_id)
    return found


async def away(icu: Ward, substitute: Viewer | None = None, *, hand_over: bool = False) -> None:
    async with icu.region.clone.app.session(icu.desk) as session:
        await leave.record(
            session,
            icu.clock,
            icu.desk,
            person_id=icu.people[0].person_id,
            period=AWAY,
            kind="annual",
            substitute_id=None if substitute is None else substitute.person_id,
            hand_over=hand_over,
        )


async def holders(icu: Ward, *days: float) -> list[PersonId | None]:
    found = []
    async with icu.region.clone.app.session(icu.desk) as session:
        for day in days:
            roster = await repository.roster(session, icu.region.centre, START + day * DAY)
            found.append(next(one.person_id for one in roster if one.slot.id == icu.first))
    return found


async def test_the_substitute_takes_exactly_the_leave(icu: Ward) -> None:
    one, two = icu.people[0].person_id, icu.people[1].person_id
    await away(icu, icu.people[1], hand_over=True)
    assert await holders(icu, 0.5, 1, 1.99, 2) == [one, two, two, one]
    async with icu.region.clone.app.session(icu.desk) as session:
        (listed,) = await setup_queries.away(session, icu.region.centre, AWAY)
    assert listed.shifts == 0


async def test_without_one_the_shift_shows_and_who_could_come_is_proposed(icu: Ward) -> None:
    await away(icu)
    async with icu.region.clone.app.session(icu.desk) as session:
        (listed,) = await setup_queries.away(session, icu.region.centre, AWAY)
        assert listed.shifts == 1
        (hit,) = await leave.hit(session, icu.people[0].person_id, AWAY)
        await service.supersede_with(
            session,
            icu.clock,
            icu.desk,
            [service.Wanted(icu.first, icu.people[2].person_id, *AWAY)],
            origin="cover",
        )
    assert hit.shift.person_id == icu.people[0].person_id
    assert await holders(icu, 1.5) == [icu.people[2].person_id]
    async with icu.region.clone.app.session(icu.desk) as session:
        (listed,) = await setup_queries.away(session, icu.region.centre, AWAY)
    assert listed.shifts == 0


@pytest.mark.parametrize("hand_over", [False, True])
async def test_the_alarm_counts_a_shift_whose_holder_is_away(icu: Ward, hand_over: bool) -> None:
    await away(icu, icu.people[1], hand_over=hand_over)
    async with icu.region.clone.system.session(SEEDER) as session:
        found = await gaps.coming(session, icu.region.centre, START)
    missing = [one.period for one in found if one.row.slot.id == icu.first]
    assert (AWAY in missing) is not hand_over
    assert missing[-1] == (START + 3 * DAY, START + gaps.AHEAD)


async def test_the_alarm_counts_the_shifts_of_whoever_has_left(icu: Ward) -> None:
    await account(icu.region, icu.people[0])
    async with icu.region.clone.system.session(SEEDER) as session:
        before = await gaps.coming(session, icu.region.centre, START)
        await session.execute(text("UPDATE account SET disabled_at = now()"))
        found = await gaps.coming(session, icu.region.centre, START)
    assert [one.period for one in before if one.row.slot.id == icu.first] == [
        (START + 3 * DAY, START + gaps.AHEAD)
    ]
    assert [one.period for one in found if one.row.slot.id == icu.first] == [
        (START, START + gaps.AHEAD)
    ]


async def test_proposals_say_who_is_away_and_who_is_busy(icu: Ward) -> None:
    await away(icu)
    async with icu.region.clone.app.session(icu.desk) as session:
        (hit,) = await leave.hit(session, icu.people[0].person_id, AWAY)
        found = await partners.partners(session, icu.clock, icu.desk, hit.shift.id, "substitute")
    assert icu.people[0].person_id not in {PersonId(one.person.id) for one in found}
    assert [one.obstacle is not None for one in found] == sorted(
        one.obstacle is not None for one in found
    )


async def test_a_substitute_who_cannot_leaves_everything_as_it_was(icu: Ward) -> None:
    plan_id = await icu.draft(days=1, begin=START + 4 * DAY)
    await icu.put(plan_id, (icu.first, icu.people[1], 0, 1))
    await icu.through(plan_id)
    with pytest.raises(BadInput):
        await away(icu, None, hand_over=True)
    await icu.region.shift(next(iter(icu.region.slots)), icu.people[1], AWAY[0])
    with pytest.raises(PersonBusy):
        await away(icu, icu.people[1], hand_over=True)
    assert await holders(icu, 1.5) == [icu.people[0].person_id]
    async with icu.region.clone.app.session(icu.desk) as session:
        assert await setup_queries.away(session, icu.region.centre, AWAY) == []
