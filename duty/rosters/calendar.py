"""Days as a roster sees them: workdays, weekends, public holidays, moved working days (调休).

Which days are public holidays is data (`calendar_version`); here is only what follows from it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
SATURDAY = 5


class DayKind(StrEnum):
    """工作日、周末、法定节假日（含调休放假）、调休上班."""

    WORKDAY = "workday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    ADJUSTED_WORKDAY = "adjusted_workday"


ALL_DAYS = frozenset(DayKind)


@dataclass(frozen=True, slots=True)
class Special:
    """Days that are not what their weekday says; both ends belong to them."""

    first: date
    last: date
    kind: DayKind
    name: str


@dataclass(frozen=True, slots=True)
class Day:
    """A day and what it is; `known` is False in a year whose holidays nobody entered."""

    date: date
    kind: DayKind
    name: str | None = None
    known: bool = True


class Calendar:
    """The days of the years that were entered; every other year goes by weekdays alone."""

    def __init__(self, years: Iterable[int], specials: Iterable[Special]) -> None:
        self.years = frozenset(years)
        self._special: dict[date, Special] = {}
        for special in specials:
            for day in dates(special.first, special.last + ONE_DAY):
                self._special[day] = special

    def day(self, day: date) -> Day:
        """What kind of day it is."""
        known = day.year in self.years
        special = self._special.get(day)
        if special is not None:
            return Day(day, special.kind, special.name, known)
        kind = DayKind.WEEKEND if day.weekday() >= SATURDAY else DayKind.WORKDAY
        return Day(day, kind, None, known)


def dates(first: date, until: date) -> Iterator[date]:
    """Every day from `first` until just before `until`."""
    day = first
    while day < until:
        yield day
        day += ONE_DAY


def moment(day: date, at: time, zone: ZoneInfo, *, later: timedelta = timedelta(0)) -> datetime:
    """The instant when the clocks of `zone` show `at` (or `later` on the dial) on `day`.

    The dial is what counts, so a duty day has 23 or 25 hours where clocks are changed.
    """
    return (datetime.combine(day, at) + later).replace(tzinfo=zone)
