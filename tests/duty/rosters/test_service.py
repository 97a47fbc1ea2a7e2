"""Rosters are written once; changes supersede."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from duty.rosters import repository, service
from duty.rosters.errors import ShiftInThePast, ShiftOverlaps, TitleTooLow
from duty.rosters.oncall import DutyTier
from kernel.errors import BadInput, NotAllowed, NotFound
from kernel.ids import PersonId, ShiftId, SlotId, new_id
from kernel.viewer import Role, Viewer
from tests.duty.region import SEEDER, Region

FIRST, THIRD = DutyTier.FIRST, DutyTier.THIRD
DAY = timedelta(hours=24)


async def put(
    region: Region, who: Viewer, person: PersonId, start: datetime, end: datetime
) -> ShiftId:
    async with region.clone.app.session(who) as session:
        return await service.put_shift(
            session,
            region.clock,
            who,
            slot_id=region.slots[THIRD],
            person_id=person,
            start=start,
            end=end,
        )


async def holders(region: Region, *moments: datetime) -> list[PersonId | None]:
    found = []
    async with region.clone.app.session(region.doctor) as session:
        for at in moments:
            roster = await repository.roster(session, region.centre, at)
            found.append(next(a.person_id for a in roster if a.slot.tier == FIRST))
    return found


async def test_a_desk_fills_a_gap_and_the_next_day_fits_exactly(region: Region) -> None:
    desk = await region.staff(region.centre, Role.DUTY_DESK)
    start = region.clock.now() + timedelta(hours=1)
    first = await put(region, desk, desk.person_id, start, start + DAY)
    second = await put(region, desk, desk.person_id, start + DAY, start + 2 * DAY)
    assert first != second
    with pytest.raises(ShiftOverlaps):
        await put(region, desk, desk.person_id, start + DAY / 2, start + DAY)


async def test_two_desks_filling_one_gap_at_once_one_wins(region: Region) -> None:
    desks = [await region.staff(region.centre, Role.DUTY_DESK) for _ in range(4)]
    start = region.clock.now() + timedelta(hours=1)
    results = await asyncio.gather(
        *(put(region, desk, desk.person_id, start, start + DAY) for desk in desks),
        return_exceptions=True,
    )
    assert sum(not isinstance(result, BaseException) for result in results) == 1
    assert sum(isinstance(result, ShiftOverlaps) for result in results) == 3


async def test_the_past_cannot_be_rostered_and_time_runs_forward(region: Region) -> None:
    desk = await region.staff(region.centre, Role.DUTY_DESK)
    now = region.clock.now()
    with pytest.raises(ShiftInThePast):
        await put(region, desk, desk.person_id, now - timedelta(minutes=1), now + DAY)
    with pytest.raises(BadInput):
        await put(region, desk, desk.person_id, now + DAY, now + DAY)


async def test_only_the_facilitys_own_desk_and_coordinator_edit(region: Region) -> None:
    start = region.clock.now() + timedelta(hours=1)
    foreign = await region.staff(region.county, Role.DUTY_DESK)
    clinician = await region.staff(region.centre, Role.EXPERT)
    for who, reason in ((foreign, "not_your_facility"), (clinician, "roster_role_needed")):
        with pytest.raises(NotAllowed) as refused:
            await put(region, who, who.person_id, start, start + DAY)
        assert refused.value.fields["reason"] == reason


async def test_taking_over_now_splits_and_the_past_keeps_its_person(region: Region) -> None:
    old = region.experts[FIRST].person_id
    cover = await region.staff(region.centre, Role.EXPERT)
    now = region.clock.now()
    ends = now + timedelta(hours=4)
    async with region.clone.system.session(SEEDER) as session:
        await service.cover(
            session,
            region.clock,
            SEEDER,
            slot_id=region.slots[FIRST],
            person_id=cover.person_id,
            start=now - timedelta(minutes=30),
            end=ends,
        )
    moments = (
        now - timedelta(minutes=20),
        region.clock.now(),
        ends - timedelta(seconds=1),
        ends,
    )
    assert await holders(region, *moments) == [old, cover.person_id, cover.person_id, old]
    async with region.clone.app.session(region.doctor) as session:
        known = await repository.roster(
            session, region.centre, now + timedelta(hours=2), as_known_at=now
        )
    assert next(a.person_id for a in known if a.slot.tier == FIRST) == old


async def test_a_place_may_ask_for_a_title(region: Region) -> None:
    junior = await region.staff(region.centre, Role.EXPERT, title="住院医师")
    async with region.clone.system.session(SEEDER) as session:
        slot_id = await service.create_slot(
            session,
            SEEDER,
            facility_id=region.centre,
            group_id=region.group,
            specialty="obstetrics",
            tier=THIRD,
            min_title="副主任医师",
        )
    start = region.clock.now() + timedelta(hours=1)
    async with region.clone.system.session(SEEDER) as session:
        with pytest.raises(TitleTooLow):
            await service.put_shift(
                session,
                region.clock,
                SEEDER,
                slot_id=slot_id,
                person_id=junior.person_id,
                start=start,
                end=start + DAY,
            )


async def test_unknown_places_people_and_foreign_groups_are_not_found(region: Region) -> None:
    start = region.clock.now() + timedelta(hours=1)
    for slot_id, person_id in (
        (SlotId(new_id()), region.doctor.person_id),
        (region.slots[THIRD], PersonId(new_id())),
    ):
        async with region.clone.system.session(SEEDER) as session:
            with pytest.raises(NotFound):
                await service.put_shift(
                    session,
                    region.clock,
                    SEEDER,
                    slot_id=slot_id,
                    person_id=person_id,
                    start=start,
                    end=start + DAY,
                )
    async with region.clone.system.session(SEEDER) as session:
        with pytest.raises(NotFound):
            await service.create_slot(
                session,
                SEEDER,
                facility_id=region.county,
                group_id=region.group,
                specialty="obstetrics",
                tier=FIRST,
            )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE shift SET person_id = person_id, during = tstzrange(now(), 'infinity')",
        "UPDATE shift SET status = 'active', superseded_at = NULL",
        "DELETE FROM shift",
    ],
)
async def test_not_even_the_owner_changes_a_shift(region: Region, statement: str) -> None:
    with pytest.raises(DBAPIError):
        async with region.clone.owner.session(SEEDER) as session:
            await session.execute(text(statement))
