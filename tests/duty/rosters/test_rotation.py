"""Rotations unrolled: pure, re-runnable, whole days by the dial, leave and holidays."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duty.rosters.calendar import Calendar, DayKind, Special
from duty.rosters.rotation import Leave, Pattern, RotationVersion, Shape, Turn, expand, fill
from kernel.ids import PersonId, SlotId

A, B, C = (PersonId(UUID(int=n)) for n in (1, 2, 3))
SLOT = SlotId(UUID(int=9))
START = date(2027, 3, 1)
CHINA = ZoneInfo("Asia/Shanghai")
FESTIVAL = Special(date(2027, 3, 6), date(2027, 3, 8), DayKind.HOLIDAY, "测试节")
MOVED = Special(date(2027, 3, 13), date(2027, 3, 13), DayKind.ADJUSTED_WORKDAY, "测试节")
CALENDAR = Calendar([2027], [FESTIVAL, MOVED])
PLAIN = Calendar([], [])
NONE: list[Leave] = []


def at(day: int, hour: int = 8, zone: ZoneInfo = CHINA) -> datetime:
    """A moment of March 2027, by the dial."""
    return datetime(2027, 3, day, hour, tzinfo=zone).astimezone(UTC)


def rotation(pattern: Pattern, *, code: str = "main", seq: int = 1) -> RotationVersion:
    return RotationVersion(SLOT, code, seq, pattern, pattern.start)


def names(turns: list[Turn]) -> str:
    return "".join({A: "A", B: "B", C: "C"}[turn.person_id] for turn in turns)


@pytest.mark.parametrize(
    ("pattern", "who", "hours"),
    [
        (Pattern(Shape.DAY, (A, B, C), START), "ABCA", [24, 24, 24, 24]),
        (Pattern(Shape.HALF_DAY, (A, B, C), START), "ABCABCAB", [12] * 8),
        (Pattern(Shape.DAYS, (A, B), START, days=3), "AB", [72, 24]),
        (
            Pattern(Shape.WEEKLY, (A, B), START, weeks=((0, 1, None, 1, 0, 0, 0),)),
            "ABB",
            [24, 24, 24],
        ),
    ],
)
def test_the_shapes(pattern: Pattern, who: str, hours: list[int]) -> None:
    turns = expand(rotation(pattern), PLAIN, NONE, (at(1), at(5)))
    assert names(turns) == who
    assert [(turn.end - turn.start) / timedelta(hours=1) for turn in turns] == hours
    assert turns[0].start == at(1)


@st.composite
def patterns(draw: st.DrawFn) -> Pattern:
    shape = draw(st.sampled_from([Shape.DAY, Shape.HALF_DAY, Shape.DAYS]))
    return Pattern(
        shape,
        draw(st.sampled_from([(A,), (A, B), (A, B, C)])),
        START,
        days=draw(st.integers(1, 9)),
        zone=draw(st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York"])),
    )


@given(patterns(), st.lists(st.integers(0, 900), min_size=3, max_size=3, unique=True))
def test_two_halves_are_the_whole_without_gap_or_overlap(
    pattern: Pattern, hours: list[int]
) -> None:
    """Also across the nights of March in which clocks change."""
    first, middle, last = (at(3) + timedelta(hours=hour) for hour in sorted(hours))
    whole = expand(rotation(pattern), PLAIN, NONE, (first, last))
    assert whole == expand(rotation(pattern), PLAIN, NONE, (first, last))
    assert whole[0].start == first
    assert whole[-1].end == last
    assert all(one.end == two.start for one, two in pairwise(whole))
    halves = expand(rotation(pattern), PLAIN, NONE, (first, middle)) + expand(
        rotation(pattern), PLAIN, NONE, (middle, last)
    )
    for moment in (first, middle, last - timedelta(microseconds=1)):
        holders = [
            {turn.person_id for turn in turns if turn.start <= moment < turn.end}
            for turns in (whole, halves)
        ]
        assert holders[0] == holders[1]
        assert len(holders[0]) == 1


@pytest.mark.parametrize(("zone", "day", "hours"), [("Europe/Berlin", 27, 23), (CHINA.key, 27, 24)])
def test_a_duty_day_has_the_hours_of_the_dial(zone: str, day: int, hours: int) -> None:
    there = ZoneInfo(zone)
    pattern = Pattern(Shape.DAY, (A, B), START, zone=zone)
    window = (at(day, 8, there), at(day + 1, 8, there))
    (turn,) = expand(rotation(pattern), PLAIN, NONE, window)
    assert (turn.end - turn.start) == timedelta(hours=hours)


def test_a_substitute_stands_in_for_exactly_the_leave() -> None:
    pattern = Pattern(Shape.DAYS, (A,), START, days=7)
    away = [Leave(A, at(2, 12), at(3, 12), B), Leave(A, at(4), at(5))]
    turns = expand(rotation(pattern), PLAIN, away, (at(1), at(6)))
    assert [(turn.person_id, turn.start, turn.end) for turn in turns] == [
        (A, at(1), at(2, 12)),
        (B, at(2, 12), at(3, 12)),
        (A, at(3, 12), at(4)),
        (A, at(5), at(6)),
    ]
    assert [turn.substitute for turn in turns] == [False, True, False, False]


def test_a_substitute_who_is_away_leaves_a_gap() -> None:
    pattern = Pattern(Shape.DAY, (A,), START)
    away = [Leave(A, at(2), at(4), B), Leave(B, at(3), at(9))]
    turns = expand(rotation(pattern), PLAIN, away, (at(2), at(4)))
    assert [(turn.person_id, turn.start, turn.end) for turn in turns] == [(B, at(2), at(3))]


def test_holidays_have_their_own_rotation_and_turns_are_counted_on_its_days() -> None:
    ordinary = rotation(Pattern(Shape.DAY, (A, B), START))
    festive = rotation(
        Pattern(Shape.DAY, (C,), START, on=frozenset({DayKind.HOLIDAY})), code="holiday"
    )
    turns = fill([ordinary, festive], CALENDAR, NONE, (at(5), at(10)))
    assert names(turns) == "ACCCA"
    business = Pattern(
        Shape.DAY, (A, B), START, on=frozenset({DayKind.WORKDAY, DayKind.ADJUSTED_WORKDAY})
    )
    days = expand(rotation(business), CALENDAR, NONE, (at(1), at(15)))
    assert [turn.start.astimezone(CHINA).day for turn in days] == [1, 2, 3, 4, 5, 9, 10, 11, 12, 13]
    assert names(days) == "ABABABABAB"


def test_the_newest_version_counts_from_its_first_day() -> None:
    old = rotation(Pattern(Shape.DAY, (A,), START))
    new = RotationVersion(SLOT, "main", 2, Pattern(Shape.DAY, (B,), START), date(2027, 3, 3))
    ended = RotationVersion(SLOT, "main", 3, Pattern(Shape.DAY, (), START), date(2027, 3, 5))
    for order in ([old, new, ended], [ended, new, old]):
        assert names(fill(order, PLAIN, NONE, (at(1), at(8)))) == "AABB"


def test_a_calendar_knows_what_it_does_not_know() -> None:
    assert CALENDAR.day(date(2027, 3, 7)).kind is DayKind.HOLIDAY
    assert CALENDAR.day(date(2027, 3, 13)).kind is DayKind.ADJUSTED_WORKDAY
    assert CALENDAR.day(date(2027, 3, 14)).kind is DayKind.WEEKEND
    assert CALENDAR.day(date(2027, 3, 15)).known
    assert not CALENDAR.day(date(2028, 3, 15)).known
