"""What the database refuses, and a past that ten thousand edits leave as it was."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from duty.rosters import repository, service
from duty.rosters.errors import PersonBusy, ShiftOverlaps
from duty.rosters.oncall import DutyTier
from duty.rosters.recording import Assignment, Recording, record
from duty.rosters.service import Wanted
from tests.duty.region import SEEDER, Region
from tests.duty.rosters.ward import DAY, START, Ward, ward

HOUR = timedelta(hours=1)
EDITS = 10_000
AT_ONCE = 500
KNOWN = START + 2 * DAY
"""Here the edits begin."""


@pytest.fixture
async def icu(region: Region) -> Ward:
    return await ward(region)


async def test_two_exclusive_places_at_once_are_refused_and_a_third_line_is_not(icu: Ward) -> None:
    one = icu.people[0].person_id
    second = icu.region.slots[DutyTier.SECOND]
    async with icu.region.clone.system.session(SEEDER) as session:
        for slot in (icu.first, icu.third):
            await service.put_shift(
                session,
                icu.clock,
                SEEDER,
                slot_id=slot,
                person_id=one,
                start=START,
                end=START + DAY,
            )
        with pytest.raises(PersonBusy):
            async with session.begin_nested():
                await service.put_shift(
                    session,
                    icu.clock,
                    SEEDER,
                    slot_id=second,
                    person_id=one,
                    start=START + 23 * HOUR,
                    end=START + 2 * DAY,
                )
        await service.put_shift(
            session,
            icu.clock,
            SEEDER,
            slot_id=second,
            person_id=one,
            start=START + DAY,
            end=START + 2 * DAY,
        )


async def test_two_people_change_places_in_one_command(icu: Ward) -> None:
    one, two, _ = (who.person_id for who in icu.people)
    second = icu.region.slots[DutyTier.SECOND]
    async with icu.region.clone.system.session(SEEDER) as session:
        stand = [
            Wanted(icu.first, one, START, START + DAY),
            Wanted(second, two, START, START + DAY),
        ]
        await service.supersede_with(session, icu.clock, SEEDER, stand, origin="import")
        swap = [Wanted(icu.first, two, START, START + DAY), Wanted(second, one, START, START + DAY)]
        await service.supersede_with(session, icu.clock, SEEDER, swap, origin="swap")
        roster = await repository.roster(session, icu.region.centre, START)
        held = {answer.slot.id: answer.person_id for answer in roster}
        assert (held[icu.first], held[second]) == (two, one)
        with pytest.raises(ShiftOverlaps):
            async with session.begin_nested():
                both = [Wanted(icu.third, who, START, START + DAY) for who in (one, two)]
                await service.supersede_with(session, icu.clock, SEEDER, both, origin="import")


async def test_a_swap_in_one_statement_passes_the_second_constraint(icu: Ward) -> None:
    """It is deferrable and checked at the end of the statement, not row by row."""
    async with icu.region.clone.owner.session(SEEDER) as session:
        found = await session.execute(
            text(
                "SELECT condeferrable, condeferred FROM pg_constraint"
                " WHERE conname = 'shift_one_place'"
            )
        )
        assert tuple(found.one()) == (True, False)


async def test_past_answers_are_byte_identical_after_ten_thousand_edits(icu: Ward) -> None:
    region = icu.region
    async with region.clone.system.session(SEEDER) as session:
        rows = await repository.slots_between(
            session, region.centre, (START, START + DAY), icu.group
        )
        places = {row.slot.id: row for row in rows}
        crew = [who.person_id for who in icu.people]

        async def edit(number: int, now_days: float) -> None:
            now = START + now_days * DAY
            for slot in (icu.first, icu.third):
                batch = [
                    Assignment(
                        places[slot],
                        crew[(number + n + (slot == icu.third)) % 3],
                        (now + n * HOUR, now + (n + 1) * HOUR),
                    )
                    for n in range(AT_ONCE // 2)
                ]
                await record(session, batch, Recording("import", None, now), replace=True)

        async def answers() -> str:
            """Of what was by then, as it stands and as it was known; of what was to come, as it
            was known."""
            said = []
            for hour in range(-6, 200, 3):
                at = START + hour * HOUR
                for known in (None, KNOWN) if at < KNOWN else (KNOWN,):
                    roster = await repository.roster(session, region.centre, at, known)
                    said.append(
                        [
                            [str(one.slot.id), str(one.person_id), str(one.shift and one.shift.id)]
                            for one in roster
                        ]
                    )
            return json.dumps(said)

        await edit(0, 0)
        before = await answers()
        for number in range(1, EDITS // AT_ONCE + 1):
            await edit(number, 2 + number / 24)
        assert await answers() == before
        written = await session.execute(text("SELECT count(*) FROM shift"))
        assert written.scalar_one() >= EDITS
        await session.rollback()
