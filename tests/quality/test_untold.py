"""When nothing is said: parts of a year, other people's reviews, closed periods."""

from datetime import datetime, timedelta

import pytest

from quality.definitions import shipped
from quality.untold import by_period, closed_to, confidential, whole_quarters, whole_year
from quality.vocabulary import (
    CountMeasure,
    ElsewhereMeasure,
    IntervalMeasure,
    Measure,
    RateMeasure,
)
from referral.clocks.data import Text
from registry.facilities.rules import CHINA

RATE = RateMeasure(of="annual_returns", top="deaths", bottom="live_births")
NEAR_MISSES = RateMeasure(of="outcomes_and_births", top="near_misses", bottom="live_births")
TO_DEATHS = RateMeasure(of="severe_outcomes", top="near_misses", bottom="deaths")
REVIEWS = CountMeasure(of="reviews")
CASES = CountMeasure(of="cases")


def day(year: int, month: int, of_month: int, hour: int = 0) -> datetime:
    return datetime(year, month, of_month, hour, tzinfo=CHINA)


@pytest.mark.parametrize(
    ("start", "end", "year", "quarters"),
    [
        (day(2026, 1, 1), day(2027, 1, 1), True, True),
        (day(2025, 10, 1), day(2026, 10, 1), True, True),
        (day(2026, 2, 3), day(2027, 2, 3), True, False),
        (day(2026, 1, 1), day(2026, 4, 1), False, True),
        (day(2026, 1, 1), day(2028, 1, 1), False, True),
        (day(2026, 1, 1), day(2026, 12, 31), False, False),
        (day(2026, 1, 1, 8), day(2027, 1, 1, 8), False, False),
        (day(2024, 2, 29), day(2025, 2, 28), False, False),
        (day(2026, 1, 1), day(2027, 1, 1) - timedelta(microseconds=1), False, False),
    ],
)
def test_years_and_quarters_are_whole_from_midnight_to_midnight(
    start: datetime, end: datetime, year: bool, quarters: bool
) -> None:
    assert (whole_year(start, end), whole_quarters(start, end)) == (year, quarters)


@pytest.mark.parametrize(
    ("measure", "end", "reviews_kept", "why"),
    [
        (NEAR_MISSES, day(2026, 12, 1), True, "whole_year"),
        (TO_DEATHS, day(2026, 2, 3), True, None),
        (RATE, day(2027, 1, 1), True, None),
        (RATE, day(2026, 12, 1), True, "whole_year"),
        (RATE, day(2027, 1, 1), False, None),
        (REVIEWS, day(2026, 2, 1), True, None),
        (REVIEWS, day(2027, 1, 1), False, "not_kept"),
        (CASES, day(2026, 2, 1), False, None),
        (ElsewhereMeasure(Text(zh="年报", en="returns")), day(2027, 1, 1), True, "no_data"),
    ],
)
def test_some_periods_are_told_to_nobody(
    measure: Measure, end: datetime, reviews_kept: bool, why: str | None
) -> None:
    assert by_period(measure, day(2026, 1, 1), end, reviews_kept=reviews_kept) == why


@pytest.mark.parametrize(
    ("one_house", "end", "n", "met", "why"),
    [
        (False, day(2026, 4, 1), 5, None, None),
        (False, day(2026, 4, 1), 0, None, None),
        (False, day(2026, 4, 1), 4, None, "few"),
        (False, day(2026, 4, 1), 12, 6, None),
        (False, day(2026, 4, 1), 12, 9, "few"),
        (False, day(2026, 4, 1), 12, 12, None),
        (True, day(2026, 4, 1), 12, 6, "not_by_house"),
        (False, day(2026, 3, 31), 12, 6, "whole_quarters"),
    ],
)
def test_reviews_of_others_are_told_in_sums(
    one_house: bool, end: datetime, n: int, met: int | None, why: str | None
) -> None:
    assert closed_to(day(2026, 1, 1), end, one_house=one_house, n=n, met=met) == why


def test_only_reviews_are_counted_by_who_may_not_read_them() -> None:
    clock = next(one.measure for one in shipped() if isinstance(one.measure, IntervalMeasure))
    assert confidential(REVIEWS)
    assert confidential(CountMeasure(of="review_measures"))
    assert not confidential(CASES)
    assert not confidential(RATE)
    assert not confidential(clock)
