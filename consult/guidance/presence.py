"""How long both ends were there together: arithmetic over intervals, with no clock of its own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from consult.guidance.states import End


@dataclass(frozen=True, slots=True)
class Stay:
    """Somebody of one end was there, half-open."""

    end: End
    since: datetime
    until: datetime


def together(stays: Iterable[Stay]) -> list[tuple[datetime, datetime]]:
    """The intervals in which at least one of either end was there, in order, never empty ones."""
    there = list(stays)
    centre = _union([one for one in there if one.end is End.CENTRE])
    house = _union([one for one in there if one.end is End.INSTITUTION])
    both = [(max(a[0], b[0]), min(a[1], b[1])) for a in centre for b in house]
    return sorted(one for one in both if one[0] < one[1])


def seconds(intervals: Iterable[tuple[datetime, datetime]]) -> int:
    """Whole seconds of disjoint intervals."""
    return int(sum((until - since for since, until in intervals), timedelta()).total_seconds())


def _union(stays: Sequence[Stay]) -> list[tuple[datetime, datetime]]:
    found: list[tuple[datetime, datetime]] = []
    for one in sorted(stays, key=lambda stay: stay.since):
        if found and one.since <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], one.until))
        else:
            found.append((one.since, one.until))
    return found
