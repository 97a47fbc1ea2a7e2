"""The alarm about required places that nobody fills in the next fourteen days."""

from datetime import timedelta

import pytest

from duty.notify import inbox
from duty.rosters import gaps, groups
from duty.rosters.gaps import alarm, coming
from duty.rosters.oncall import DutyTier
from duty.rosters.repository import SlotTerms
from kernel.ids import PersonId, SlotId
from tests.duty.region import SEEDER, Region
from tests.duty.rosters.ward import DAY, START, Ward, ward


@pytest.fixture
async def icu(region: Region) -> Ward:
    return await ward(region)


async def notices(icu: Ward, person_id: PersonId) -> list[bytes]:
    async with icu.region.clone.system.session(SEEDER) as session:
        items = await inbox.after(session, person_id, 0, 100)
    return [bytes(item.data) for item in items if b"roster.gaps" in bytes(item.data)]


async def test_gaps_are_told_once_again_after_a_day_and_when_they_change(icu: Ward) -> None:
    plan_id = await icu.draft(days=40)
    one, two, _ = icu.people
    await icu.put(plan_id, (icu.first, one, 0, 20), (icu.first, two, 20, 40))
    await icu.through(plan_id)
    for slot_id in icu.region.slots.values():
        await _unneeded(icu, slot_id)
    clone = icu.region.clone
    lead = icu.people[2]
    await icu.region.shift(DutyTier.LEAD, lead, START, 24 * 60)
    icu.clock.set(START + DAY)

    async def told() -> bool:
        async with clone.system.session(SEEDER) as session:
            return await alarm(session, icu.clock, icu.region.centre)

    assert not await told()
    icu.clock.set(START + 27 * DAY)
    assert await told()
    assert not await told()
    icu.clock.advance(timedelta(hours=23))
    assert not await told()
    icu.clock.advance(timedelta(hours=2))
    assert await told()
    async with clone.system.session(SEEDER) as session:
        found = await coming(session, icu.region.centre, icu.clock.now())
    assert [(gap.row.slot.id, gap.period[0]) for gap in found] == [(icu.first, START + 40 * DAY)]
    assert len(await notices(icu, lead.person_id)) == 2
    assert await notices(icu, one.person_id) == []


async def test_one_round_of_the_engine_looks_at_every_house(icu: Ward) -> None:
    lead = icu.people[2]
    await icu.region.shift(DutyTier.LEAD, lead, START - 20 * DAY, 24 * 20)
    assert await gaps.watch(icu.region.clone.system, icu.clock) is False
    assert len(await notices(icu, lead.person_id)) == 1


async def _unneeded(icu: Ward, slot_id: SlotId) -> None:
    async with icu.region.clone.system.session(SEEDER) as session:
        terms = SlotTerms(None, required=False, exclusive=True, qualification=None)
        await groups.change_slot(session, icu.clock, SEEDER, slot_id, terms)
