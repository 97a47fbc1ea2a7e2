"""Pure: when an indicator says no number, and why: reviews of others, parts of a year.

Whoever oversees a region counts reviews that she may not read. She is told sums of the region over
whole quarters, and no small one: a house's review, or that of a week, would be told by what it
adds. A year's figures are those of that year, and nothing can be said of a part of it.
"""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Literal, TypeAlias

from quality.small_numbers import small, small_share
from quality.sources import SOURCES
from quality.vocabulary import YEARLY, ElsewhereMeasure, IntervalMeasure, Measure, RateMeasure
from registry.facilities.rules import CHINA, local_date

Untold: TypeAlias = Literal[
    "no_data", "whole_year", "whole_quarters", "not_by_house", "parts_by_year", "few", "follows",
    "not_kept",
]  # fmt: skip
"""no_data: the platform holds none; whole_year, whole_quarters: of other periods nothing is said;
not_by_house: only of whole regions; parts_by_year: of a part of what the viewer oversees only
calendar years; few: 1 to 4 reviews; follows: a small number would follow from it and from others;
not_kept: it was closed before reviews were kept."""

QUARTERS: Sequence[int] = (1, 4, 7, 10)
"""The months that quarters begin with."""


def confidential(measure: Measure) -> bool:
    """Whether some count what they may not read."""
    if isinstance(measure, IntervalMeasure | ElsewhereMeasure):
        return False
    return SOURCES[measure.of].confidential


def by_period(
    measure: Measure, start: datetime, end: datetime, *, reviews_kept: bool = True
) -> Untold | None:
    """Why a measure says nothing of a period, whoever asks; None: it does.

    Args:
        reviews_kept: false of periods that were closed before reviews were kept.
    """
    if isinstance(measure, ElsewhereMeasure):
        return "no_data"
    if isinstance(measure, RateMeasure) and measure.of in YEARLY and not whole_year(start, end):
        return "whole_year"
    return "not_kept" if confidential(measure) and not reviews_kept else None


def closed_to(
    start: datetime, end: datetime, *, one_house: bool, n: int, met: int | None
) -> Untold | None:
    """Why a number that rests on reviews closed to the viewer is not told; None: it is.

    Args:
        met: the numerator of a share; None of a count.
    """
    if one_house:
        return "not_by_house"
    if not whole_quarters(start, end):
        return "whole_quarters"
    return "few" if (small(n) if met is None else small_share(met, n)) else None


def whole_year(start: datetime, end: datetime) -> bool:
    """Whether a period is twelve months from midnight to midnight, whatever their first."""
    first, after = _days(start, end)
    return (
        first is not None
        and after is not None
        and (after.year, after.month, after.day) == (first.year + 1, first.month, first.day)
    )


def whole_quarters(start: datetime, end: datetime) -> bool:
    """Whether a period begins and ends with quarters of China's calendar."""
    days = _days(start, end)
    return all(one is not None and one.day == 1 and one.month in QUARTERS for one in days)


def _days(*moments: datetime) -> list[date | None]:
    """The days that begin at these moments."""
    return [local_date(one) if one.astimezone(CHINA).time() == time() else None for one in moments]
