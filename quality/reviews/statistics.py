"""Causes, delays and conclusions of concluded reviews, counted; small counts of others hidden."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.viewer import Viewer
from quality.errors import PeriodInvalid
from quality.reviews.schemas import CountOut, ReviewStatistics
from quality.small_numbers import FEWEST, hidden, small
from registry.facilities.rules import CHINA

MOST_DAYS: Final = 3700
YEARS: Final = range(1901, 2200)
_COUNTS = text("SELECT * FROM review_counts(:since, :until, :demo)")


async def statistics(
    session: AsyncSession, viewer: Viewer, first_day: date, last_day: date
) -> ReviewStatistics:
    """Reviews concluded from `first_day` to `last_day`, both included.

    Of reviews that the viewer does not convene only whole calendar years are told.

    Raises:
        PeriodInvalid: the days stand in the wrong order, or too far apart.
    """
    years = {first_day.year, last_day.year}
    if first_day > last_day or (last_day - first_day).days > MOST_DAYS or not years < {*YEARS}:
        raise PeriodInvalid(days=MOST_DAYS)
    values = {
        "since": datetime.combine(first_day, time(), CHINA),
        "until": datetime.combine(last_day + timedelta(days=1), time(), CHINA),
        "demo": viewer.demo,
    }
    rows = (await session.execute(_COUNTS, values)).all()
    # Two periods of other days can be subtracted from each other.
    year = (first_day, last_day) == (date(first_day.year, 1, 1), date(first_day.year, 12, 31))
    shown = [row for row in rows if year or row.own]
    counts: list[CountOut] = []
    for _, group in groupby(shown, key=lambda row: (row.kind, row.dimension)):
        counts += _told(list(group))
    return ReviewStatistics(first_day, last_day, counts, FEWEST, len(shown) < len(rows))


def _told(rows: Sequence[Row[Any]]) -> list[CountOut]:
    """One dimension of one kind: what the viewer convenes is told, of others no small count, and
    no second one that would give it away."""
    counts = [row.n for row in rows]
    gone = hidden(counts, [not row.own and small(row.n) for row in rows])
    return [
        CountOut(row.kind, row.dimension, row.code, None, "few" if small(row.n) else "follows")
        if hide
        else CountOut(row.kind, row.dimension, row.code, row.n)
        for row, hide in zip(rows, gone, strict=True)
    ]
