"""A year's holidays are data: 2027 is entered by people, and the rotation follows at once."""

from datetime import date

import pytest

from duty.rosters import holidays, rotations
from duty.rosters.calendar import DayKind
from duty.rosters.holidays import SpecialDays
from duty.rosters.rotation import Shape
from kernel.errors import BadInput
from kernel.ids import PersonId
from tests.duty.region import Region
from tests.duty.rosters.ward import DAY, START, Ward, ward

HOLIDAY, MOVED = DayKind.HOLIDAY, DayKind.ADJUSTED_WORKDAY
MONDAY, SATURDAY = date(2027, 3, 1), date(2027, 3, 6)


@pytest.fixture
async def icu(region: Region) -> Ward:
    return await ward(region)


async def enter(icu: Ward, *days: SpecialDays, source: str = "通知（演示）") -> None:
    async with icu.region.clone.app.session(icu.office) as session:
        await holidays.enter(
            session,
            icu.clock,
            icu.office,
            year=2027,
            source=source,
            confidence="待核实",
            days=days,
        )


async def turns(icu: Ward) -> dict[int, PersonId]:
    """Who has which day of the first week of March 2027."""
    async with icu.region.clone.app.session(icu.desk) as session:
        window = (START, START + 7 * DAY)
        found = await rotations.turns_of_group(session, icu.region.centre, icu.group, window)
    return {
        number: turn.person_id
        for number in range(7)
        for turn in found
        if turn.start <= START + number * DAY < turn.end
    }


async def rotate(icu: Ward, code: str, who: int, *on: DayKind) -> None:
    async with icu.region.clone.app.session(icu.desk) as session:
        stored = rotations.Stored(Shape.DAY, [icu.people[who].person_id], start=MONDAY, on=list(on))
        await rotations.record(
            session,
            icu.clock,
            icu.desk,
            slot_id=icu.first,
            code=code,
            stored=stored,
            valid_from=MONDAY,
        )


async def test_2027_is_entered_without_a_release_and_the_newest_version_counts(icu: Ward) -> None:
    async with icu.region.clone.app.session(icu.office) as session:
        assert 2027 not in (await holidays.calendar(session)).years
    await rotate(icu, "workdays", 0, DayKind.WORKDAY, MOVED)
    await rotate(icu, "rest", 1, DayKind.WEEKEND, HOLIDAY)
    work, rest = icu.people[0].person_id, icu.people[1].person_id
    assert list((await turns(icu)).values()) == [work] * 5 + [rest] * 2
    await enter(
        icu,
        SpecialDays(HOLIDAY, "演示假期", MONDAY, date(2027, 3, 2)),
        SpecialDays(MOVED, "演示调休", SATURDAY, SATURDAY),
    )
    assert list((await turns(icu)).values()) == [rest] * 2 + [work] * 4 + [rest]
    await enter(icu, SpecialDays(HOLIDAY, "演示假期", MONDAY, MONDAY), source="更正通知（演示）")
    assert list((await turns(icu)).values()) == [rest] + [work] * 4 + [rest] * 2
    async with icu.region.clone.app.session(icu.office) as session:
        (year,) = [one for one in await holidays.years(session) if one.year == 2027]
    assert (year.source, year.confidence) == ("更正通知（演示）", "待核实")


@pytest.mark.parametrize(
    ("days", "reason"),
    [
        ([SpecialDays(DayKind.WEEKEND, "x", MONDAY, MONDAY)], "kind"),
        ([SpecialDays(HOLIDAY, "x", date(2026, 12, 31), MONDAY)], "outside_year"),
        ([SpecialDays(HOLIDAY, "x", SATURDAY, MONDAY)], "outside_year"),
        ([SpecialDays(HOLIDAY, "x", MONDAY, SATURDAY)] * 2, "day_twice"),
        ([SpecialDays(HOLIDAY, "x", MONDAY, date(2027, 9, 1))], "too_many"),
    ],
)
async def test_days_that_make_no_sense_are_refused(
    icu: Ward, days: list[SpecialDays], reason: str
) -> None:
    with pytest.raises(BadInput) as refused:
        await enter(icu, *days)
    assert refused.value.fields["reason"] == reason
