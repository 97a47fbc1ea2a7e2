"""A place is retired: nobody is on call there any more, whoever was stays in the record."""

import pytest

from duty.rosters import gaps, groups, repository
from duty.rosters.errors import PlanUnsound
from kernel.errors import NotAllowed
from tests.duty.region import Region
from tests.duty.rosters.ward import DAY, START, Ward, ward


@pytest.fixture
async def icu(region: Region) -> Ward:
    return await ward(region)


async def retire(icu: Ward) -> None:
    async with icu.region.clone.app.session(icu.desk) as session:
        await groups.retire_slot(session, icu.clock, icu.desk, icu.first)


async def test_shifts_to_come_are_taken_out_and_the_past_stays(icu: Ward) -> None:
    plan_id = await icu.draft(days=6)
    await icu.put(plan_id, (icu.first, icu.people[0], 0, 6))
    await icu.through(plan_id)
    icu.clock.set(START + 2.5 * DAY)
    await retire(icu)
    async with icu.region.clone.app.session(icu.desk) as session:
        past = await repository.roster(session, icu.region.centre, START + 2 * DAY)
        rows = await repository.slots_between(
            session, icu.region.centre, (START, START + 6 * DAY), icu.group
        )
        standing = await repository.shifts_between(session, rows, (START, START + 6 * DAY))
        open_ = await gaps.coming(session, icu.region.centre, icu.clock.now())
    held = [(one.shift.start, one.shift.end) for one in standing if one.shift.slot_id == icu.first]
    assert held == [(START, START + 2.5 * DAY)]
    assert icu.people[0].person_id in {one.person_id for one in past}
    assert icu.first not in {gap.row.slot.id for gap in open_}, "what is retired is no gap"


async def test_a_plan_that_still_names_it_is_refused(icu: Ward) -> None:
    plan_id = await icu.draft()
    await icu.put(plan_id, (icu.first, icu.people[0], 0, 3))
    await retire(icu)
    with pytest.raises(PlanUnsound) as refused:
        await icu.submit(plan_id)
    assert refused.value.fields["kind"] == "no_such_place"


async def test_only_its_own_house_retires_it(icu: Ward) -> None:
    async with icu.region.clone.app.session(icu.office) as session:
        with pytest.raises(NotAllowed):
            await groups.retire_slot(session, icu.clock, icu.office, icu.first)
