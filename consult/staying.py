"""Stays: from when until when somebody was there, as heartbeats say. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias

Interval: TypeAlias = tuple[datetime, datetime]
"""Half-open."""


class AnyStay(Protocol):
    """A row that says when somebody was heard last, and when they left."""

    @property
    def heard_at(self) -> datetime:
        """Of the last heartbeat."""
        ...

    @property
    def left_at(self) -> datetime | None:
        """None while they have not gone."""
        ...


def is_here(stay: AnyStay, at: datetime, silent_s: int) -> bool:
    """Still there: not gone, and heard of within so many seconds."""
    return stay.left_at is None and at - stay.heard_at <= timedelta(seconds=silent_s)


def reached(stay: AnyStay, at: datetime, silent_s: int) -> datetime:
    """Until when somebody was there: they went, were heard last, or still are at `at`."""
    if stay.left_at is not None:
        return stay.left_at
    return at if is_here(stay, at, silent_s) else stay.heard_at


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """The same moments as disjoint intervals, in order."""
    found: list[Interval] = []
    for since, until in sorted(intervals):
        if found and since <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], until))
        else:
            found.append((since, until))
    return found


def shared(one: Iterable[Interval], other: Iterable[Interval]) -> list[Interval]:
    """The moments that lie in both, as disjoint intervals in order, never empty ones."""
    theirs = union(other)
    both = [(max(a[0], b[0]), min(a[1], b[1])) for a in union(one) for b in theirs]
    return [interval for interval in both if interval[0] < interval[1]]


def seconds(intervals: Iterable[Interval]) -> int:
    """Whole seconds of disjoint intervals."""
    return int(sum((until - since for since, until in intervals), timedelta()).total_seconds())
