"""How long both ends were there together: arithmetic over intervals, with no clock of its own."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from consult.guidance.states import End
from consult.staying import Interval, shared


@dataclass(frozen=True, slots=True)
class Stay:
    """Somebody of one end was there, half-open."""

    end: End
    since: datetime
    until: datetime


def together(stays: Iterable[Stay]) -> list[Interval]:
    """The intervals in which at least one of either end was there, in order, never empty ones."""
    there = list(stays)
    centre, house = (
        [(one.since, one.until) for one in there if one.end is end]
        for end in (End.CENTRE, End.INSTITUTION)
    )
    return shared(centre, house)
