"""Periods as they come from outside: aware, forwards, of a length and a year that make sense."""

from datetime import datetime, timedelta

from duty.rosters.rules import Period
from kernel.errors import BadInput

YEARS = range(2000, 2200)
LONGEST = timedelta(days=100)
"""A plan or a page of the calendar covers at most this much: a quarter and a handover."""


def aware(at: datetime | None, field: str) -> datetime | None:
    """The moment itself.

    Raises:
        BadInput: it has no time zone, or a year that no roster has.
    """
    if at is not None and (at.tzinfo is None or at.year not in YEARS):
        raise BadInput(field=field, reason="moment")
    return at


def checked(start: datetime, end: datetime, longest: timedelta = LONGEST) -> Period:
    """Half-open `[start, end)`.

    Raises:
        BadInput: not two moments, backwards or too long.
    """
    aware(start, "from")
    aware(end, "to")
    if start >= end:
        raise BadInput(field="to", reason="end_before_start")
    if end - start > longest:
        raise BadInput(field="to", reason="too_long")
    return start, end
