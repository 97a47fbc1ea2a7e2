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
from quality.rulebook.versions import Rulebook, Span

LOOK_BACK: Final = timedelta(days=120)
"""What was due so long ago still shows."""
LOOK_AHEAD: Final = timedelta(days=190)
"""Far enough for the next half-year's end."""


@dataclass(frozen=True, slots=True)
class Owed:
    """One obligation of one house for one period; `calendar`: the label of the one that says so."""

    unit: Unit
    calendar: str
    obligation: Obligation
    period: Period
    due_on: date
    standing: Standing
    done: Done | None
    draft: UUID | None


def owed(
    calendars: Rulebook[Calendar], units: Iterable[Unit], work: Work, today: date
) -> Iterator[Owed]:
    """Of each house and obligation: what was due lately, and what is due next.

    A due day is judged by the calendar that counts in the house's region on that day; what fell
    due by the one before it does not fall due again.
    """
    for unit in units:
        spans = calendars.spans(unit.region_id, today - LOOK_BACK, today + LOOK_AHEAD)
        told: set[tuple[str, date]] = set()
        ahead: set[str] = set()
        for span in spans:
            for one in _within(span, unit, work, today):
                code = one.obligation.code
                if code in ahead or (code, one.period.first) in told:
                    continue
                yield one
                told.add((code, one.period.first))
                if one.due_on >= today and one.done is None:
                    ahead.add(code)


def due_on(spans: Iterable[Span[Calendar]], form: str, period: Period) -> date | None:
    """The day by which a form is owed for a period, by the calendar that counts on that day."""
    for span in spans:
        obligation = span.content.for_what("return", form)
        due = None if obligation is None else obligation.due_on(period)
        if due is not None and span.first <= due <= span.last:
            return due
    return None


def _within(span: Span[Calendar], unit: Unit, work: Work, today: date) -> Iterator[Owed]:
    since = max(span.first, span.content.valid_from)
    for obligation in span.content.obligations:
        if obligation.binds(unit.tier, unit.roles):
            for period in obligation.between(since, span.last):
                yield _one(span.label, unit, obligation, period, work, today)


def _one(
    label: str, unit: Unit, obligation: Obligation, period: Period, work: Work, today: date
) -> Owed:
    due_on, done = obligation.due_on(period), work.done(obligation, unit.id, period)
    return Owed(
        unit,
        label,
        obligation,
        period,
        due_on,
        standing(due_on, None if done is None else done.on, today),
        done,
        work.draft(obligation, unit.id, period),
    )
