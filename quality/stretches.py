"""Pure: stretches of days that are counted once. Months of China's calendar, and their weeks.

A month's weeks begin on its 1st, 8th, 15th, 22nd and 29th day, so that no week lies in two months:
a period is made up of whole months, of weeks at either end, and of a few days besides.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from registry.facilities.rules import CHINA

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """Days from `first` on and before `until`."""

    first: date
    until: date

    @property
    def start(self) -> datetime:
        """Its first moment in China."""
        return begin_of(self.first)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return begin_of(self.until)


@dataclass(frozen=True, slots=True)
class Span:
    """Moments from `start` on and before `end`; of these houses only, if any are named."""

    start: datetime
    end: datetime
    houses: Sequence[UUID] = ()


def begin_of(day: date) -> datetime:
    """Its first moment in China."""
    return datetime.combine(day, time(), CHINA)


def month_of(day: date) -> Stretch:
    """The month that a day lies in."""
    first = day.replace(day=1)
    return Stretch(first, (first + timedelta(days=32)).replace(day=1))


def weeks_of(month: Stretch) -> Iterator[Stretch]:
    """A month's weeks; the last has one to three days, or does not exist."""
    first = month.first
    while first < month.until:
        yield Stretch(first, min(first + WEEK, month.until))
        first += WEEK


def within(start: datetime, end: datetime) -> list[Stretch]:
    """The months inside a period, and the weeks inside it of the months at its ends."""
    found = list[Stretch]()
    month = month_of(start.astimezone(CHINA).date())
    while month.start < end:
        parts = [month] if start <= month.start and month.end <= end else weeks_of(month)
        found += [one for one in parts if start <= one.start and one.end <= end]
        month = month_of(month.until)
    return found


def remaining(
    start: datetime, end: datetime, kept: Mapping[Stretch, Sequence[UUID]]
) -> Iterator[Span]:
    """What of a period no kept stretch tells; of each, the houses that changed since."""
    since = start
    for stretch in sorted(kept):
        if since < stretch.start:
            yield Span(since, stretch.start)
        since = stretch.end
        if kept[stretch]:
            yield Span(stretch.start, since, kept[stretch])
    if since < end:
        yield Span(since, end)
