"""Periods, due days and reminders, by example and by table."""

from datetime import date, timedelta

import pytest

from quality.obligations.calendar import (
    CALENDAR,
    Cadence,
    code_of,
    period_after,
    period_around,
    period_of,
    standing,
)
from quality.returns.forms import FORMS


@pytest.mark.parametrize(
    ("cadence", "day", "code", "first", "last"),
    [
        ("month", "2026-02-28", "2026-02", "2026-02-01", "2026-02-28"),
        ("month", "2028-02-01", "2028-02", "2028-02-01", "2028-02-29"),
        ("quarter", "2026-11-27", "2026-Q4", "2026-10-01", "2026-12-31"),
        ("half_year", "2026-06-30", "2026-H1", "2026-01-01", "2026-06-30"),
        ("half_year", "2026-07-01", "2026-H2", "2026-07-01", "2026-12-31"),
        ("year", "2026-12-31", "2026", "2026-01-01", "2026-12-31"),
    ],
)
def test_periods(cadence: str, day: str, code: str, first: str, last: str) -> None:
    kind = Cadence(cadence)
    found = period_around(kind, date.fromisoformat(day))
    assert (found.first, found.last) == (date.fromisoformat(first), date.fromisoformat(last))
    assert code_of(kind, found) == code
    assert period_of(kind, code) == found
    assert period_after(kind, found).first == found.last + timedelta(days=1)


@pytest.mark.parametrize(
    ("cadence", "code"),
    [
        ("month", "2026-13"), ("month", "2026-1"), ("month", "2026-Q1"), ("quarter", "2026-Q5"),
        ("quarter", "2026-01"), ("half_year", "2026-H3"), ("year", "26"), ("quarter", ""),
        ("month", "x"), ("month", "2026-00"),
    ],
)  # fmt: skip
def test_what_is_no_period(cadence: str, code: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (what the service turns into a refusal)
        period_of(Cadence(cadence), code)


@pytest.mark.parametrize(
    ("code", "period", "due"),
    [
        ("alliance_plan", "2026-12", "2026-11-25"),
        ("alliance_plan", "2027-01", "2026-12-25"),
        ("alliance_report", "2026-12", "2027-01-10"),
        ("county_quarterly", "2026-Q4", "2027-01-10"),
        ("emergency_drill", "2026-Q1", "2026-03-31"),
        ("joint_meeting", "2026-H1", "2026-06-30"),
    ],
)
def test_due_days(code: str, period: str, due: str) -> None:
    obligation = CALENDAR.of(code)
    assert obligation is not None
    found = obligation.due_on(period_of(obligation.cadence, period))
    assert found == date.fromisoformat(due)


@pytest.mark.parametrize("obligation", CALENDAR.obligations, ids=lambda one: one.code)
def test_every_period_that_is_due_is_found_once(obligation) -> None:  # type: ignore[no-untyped-def]
    since, until = date(2026, 1, 1), date(2027, 12, 31)
    found = list(obligation.between(since, until))
    assert found == sorted(set(found))
    per_year = {"month": 12, "quarter": 4, "half_year": 2, "year": 1}[obligation.cadence]
    assert len(found) == 2 * per_year
    assert all(since <= obligation.due_on(one) <= until for one in found)


@pytest.mark.parametrize("obligation", CALENDAR.obligations, ids=lambda one: one.code)
def test_every_obligation_can_be_met(obligation) -> None:  # type: ignore[no-untyped-def]
    assert obligation.source
    if obligation.by == "return":
        assert FORMS[obligation.what].cadence == obligation.cadence
    else:
        assert obligation.what in ("emergency", "skills")


@pytest.mark.parametrize(
    ("done", "today", "stands"),
    [
        (None, 10, "due"), (None, 11, "late"), (9, 30, "done"), (10, 30, "done"),
        (11, 30, "done_late"),
    ],
)  # fmt: skip
def test_standing(done: int | None, today: int, stands: str) -> None:
    due = date(2026, 11, 10)
    done_on = None if done is None else date(2026, 11, done)
    assert standing(due, done_on, date(2026, 11, today)) == stands


def test_reminders_grow_with_the_days() -> None:
    due = date(2026, 11, 10)
    wanted = [CALENDAR.reminders.wanted(due, due + timedelta(days=n)) for n in range(-8, 10)]
    assert wanted == [0, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 4, 5, 5]
