"""Pure rules of drills: when a planned one falls, and what answers are worth."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from statistics import median

PROMPT_S = 120
"""An answer within two minutes is prompt (the platform's own yardstick, 待核实)."""

FEW = 10
"""Shares of fewer answers than this are shown with a warning: they say little."""


@dataclass(frozen=True, slots=True)
class Window:
    """When a region lets drills ring: civil times of day, both ends on the same day."""

    earliest: time
    latest: time
    weekends: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What one person made of a drill.

    `seconds` is the time from the ring to their own answer; None if they gave none. An excuse is
    written afterwards for somebody who could not: it counts as answered, declined.
    """

    state: str
    seconds: float | None
    excused: bool = False

    @property
    def answered(self) -> bool:
        """Somebody who said yes or no, or whom the house excused."""
        return self.seconds is not None or self.excused


@dataclass(frozen=True, slots=True)
class Tally:
    """What a drill, or many, came to.

    `prompt` counts answers within two minutes out of `timed`: everybody but the excused who gave
    no answer of their own, since nobody can say how fast they would have been.
    """

    people: int
    answered: int
    excused: int
    timed: int
    prompt: int
    median_s: float | None

    @property
    def few(self) -> bool:
        return self.timed < FEW


def tally(answers: Iterable[Answer]) -> Tally:
    """Count answers."""
    listed = list(answers)
    seconds = [one.seconds for one in listed if one.seconds is not None]
    silent_excused = sum(1 for one in listed if one.excused and one.seconds is None)
    return Tally(
        people=len(listed),
        answered=sum(1 for one in listed if one.answered),
        excused=sum(1 for one in listed if one.excused),
        timed=len(listed) - silent_excused,
        prompt=sum(1 for one in seconds if one <= PROMPT_S),
        median_s=median(seconds) if seconds else None,
    )


def days(month: date, window: Window, taken: Collection[date] = ()) -> list[date]:
    """Days of the month on which a drill may fall."""
    first = month.replace(day=1)
    every = (first + timedelta(days=number) for number in range(31))
    return [
        day
        for day in every
        if day.month == first.month and day not in taken and (window.weekends or day.weekday() < 5)
    ]


def moment(
    month: date, window: Window, draw: tuple[float, float], zone: tzinfo, not_before: datetime
) -> datetime | None:
    """A civil moment of the month inside the window, not before a given one; None if none is left.

    Args:
        draw: two numbers in [0, 1): which day, and how far into its window.
    """
    choices = [day for day in days(month, window) if _end(day, window, zone) > not_before]
    if not choices:
        return None
    day = choices[int(draw[0] * len(choices))]
    start = max(_at(day, window.earliest, zone), not_before)
    return start + (_end(day, window, zone) - start) * draw[1]


def _at(day: date, at: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)


def _end(day: date, window: Window, zone: tzinfo) -> datetime:
    return _at(day, window.latest, zone)
