"""Pure: what every house owes around a day, and how it stands."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from quality.obligations.calendar import (
    Calendar,
    Obligation,
    Period,
    Standing,
    standing,
)
from quality.obligations.store import Done, Unit, Work

LOOK_BACK: Final = timedelta(days=120)
"""What was due so long ago still shows."""
LOOK_AHEAD: Final = timedelta(days=190)
"""Far enough for the next half-year's end."""


@dataclass(frozen=True, slots=True)
class Owed:
    """One obligation of one house for one period."""

    unit: Unit
    obligation: Obligation
    period: Period
    due_on: date
    standing: Standing
    done: Done | None
    draft: UUID | None


def owed(calendar: Calendar, units: Iterable[Unit], work: Work, today: date) -> Iterator[Owed]:
    """Of each house and obligation: what was due lately, and what is due next."""
    since, until = max(today - LOOK_BACK, calendar.valid_from), today + LOOK_AHEAD
    for unit in units:
        for obligation in calendar.obligations:
            if not obligation.binds(unit.tier, unit.roles):
                continue
            for period in obligation.between(since, until):
                one = _one(unit, obligation, period, work, today)
                yield one
                if one.due_on >= today and one.done is None:
                    break


def _one(unit: Unit, obligation: Obligation, period: Period, work: Work, today: date) -> Owed:
    due_on, done = obligation.due_on(period), work.done(obligation, unit.id, period)
    return Owed(
        unit,
        obligation,
        period,
        due_on,
        standing(due_on, None if done is None else done.on, today),
        done,
        work.draft(obligation, unit.id, period),
    )
