"""When drills fall, and what answers are worth."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duty.drills.rules import Answer, Window, days, moment, tally

CHINA, PARIS = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Paris")
DRAW = st.floats(0, 1, exclude_max=True)
NOVEMBER = date(2026, 11, 1)


def answers(*seconds: float | None) -> list[Answer]:
    return [Answer("acknowledged" if s is not None else "seen", s) for s in seconds]


@given(DRAW, DRAW, st.booleans(), st.sampled_from([CHINA, PARIS]), st.integers(1, 12))
def test_a_moment_lies_in_its_month_in_the_window_and_on_a_day_that_counts(
    day: float, part: float, weekends: bool, zone: ZoneInfo, month: int
) -> None:
    window = Window(time(1, 30), time(21, 0), weekends)
    first = date(2026, month, 1)
    found = moment(first, window, (day, part), zone, datetime(2025, 1, 1, tzinfo=UTC))
    assert found is not None
    local = found.astimezone(zone)
    assert (local.year, local.month) == (2026, month)
    # In the hour that a spring night lacks, 01:30 to 02:00 is still before 03:00.
    assert time(1, 30) <= local.time() <= time(21, 0)
    assert weekends or local.weekday() < 5


@given(DRAW, DRAW)
def test_what_is_left_of_a_month_is_all_there_is(day: float, part: float) -> None:
    window = Window(time(8), time(21), True)
    now = datetime(2026, 11, 30, 20, 0, tzinfo=CHINA)
    found = moment(NOVEMBER, window, (day, part), CHINA, now)
    assert found is not None
    assert now <= found <= datetime(2026, 11, 30, 21, 0, tzinfo=CHINA)
    late = now + timedelta(hours=1)
    assert moment(NOVEMBER, window, (day, part), CHINA, late) is None


def test_a_february_of_workdays() -> None:
    listed = days(date(2027, 2, 14), Window(time(8), time(9), False))
    assert (listed[0], listed[-1], len(listed)) == (date(2027, 2, 1), date(2027, 2, 26), 20)


def test_who_answered_how_fast() -> None:
    found = tally(answers(20, 60, 121, None))
    assert (found.people, found.answered, found.prompt, found.timed) == (4, 3, 2, 4)
    assert found.median_s == 60


def test_saying_no_is_an_answer() -> None:
    found = tally([Answer("declined", 30), Answer("seen", None)])
    assert (found.answered, found.prompt, found.median_s) == (1, 1, 30)


def test_the_excused_count_as_answered_and_their_speed_is_nobodys_to_know() -> None:
    found = tally([Answer("unreachable", None, excused=True), *answers(30, None)])
    assert (found.people, found.answered, found.excused, found.timed, found.prompt) == (
        3,
        2,
        1,
        2,
        1,
    )


def test_nobody_is_no_number() -> None:
    assert tally([]).median_s is None


@pytest.mark.parametrize(("people", "few"), [(9, True), (10, False)])
def test_small_numbers_are_said(people: int, few: bool) -> None:
    assert tally(answers(*[20.0] * people)).few is few
