"""Deadlines after a death: calendar arithmetic and the strictest rule, as pure functions."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral.aftermath.deadlines import (
    CALENDAR,
    DEADLINES,
    Calendar,
    Reminders,
    Rule,
    Ruleset,
    Step,
    wrong,
)
from registry.facilities.rules import CHINA

PLAIN = Calendar()


def noon(*day: int) -> datetime:
    return datetime(*day, 12, tzinfo=CHINA)  # type: ignore[misc,arg-type]


def rule(**changes: object) -> Rule:
    values: dict[str, object] = {
        "code": "r",
        "step": "report",
        "who": ["mother"],
        "amount": 5,
        "unit": "working_days",
        "regions": ["*"],
        "confidence": "V",
        "source": "x",
        "zh": "x",
        "en": "x",
    }
    return Rule(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("amount", "unit", "due"),
    [
        (2, "days", noon(2026, 11, 26)),
        (1, "working_days", datetime(2026, 11, 26, tzinfo=CHINA)),  # the end of the 25th
        (5, "working_days", datetime(2026, 12, 2, tzinfo=CHINA)),  # over a weekend
        (2, "months", datetime(2027, 1, 25, tzinfo=CHINA)),
    ],
)
def test_when_a_rule_runs_out(amount: int, unit: str, due: datetime) -> None:
    assert rule(amount=amount, unit=unit).due(noon(2026, 11, 24), PLAIN) == due


def test_months_end_where_the_month_ends() -> None:
    assert rule(amount=2, unit="months").due(noon(2026, 12, 31), PLAIN) == datetime(
        2027, 3, 1, tzinfo=CHINA
    )


def test_holidays_do_not_count_and_worked_weekends_do() -> None:
    # 2026: National Day 1-7 October is off, Saturday the 10th is worked.
    assert not CALENDAR.is_working_day(date(2026, 10, 7))
    assert CALENDAR.is_working_day(date(2026, 10, 10))
    assert CALENDAR.add_working_days(date(2026, 9, 30), 3) == date(2026, 10, 10)


@given(
    st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    st.integers(1, 40),
    st.frozensets(st.dates(date(2026, 1, 1), date(2027, 12, 31)), max_size=30),
)
def test_working_days_go_forward_one_by_one(day: date, count: int, off: frozenset[date]) -> None:
    days = Calendar(off=off)
    reached = [days.add_working_days(day, n) for n in range(count + 1)]
    assert all(earlier < later for earlier, later in pairwise(reached))
    assert all(days.is_working_day(one) for one in reached[1:])


def test_the_strictest_rule_that_binds_counts() -> None:
    rules = [
        rule(code="slow", amount=9, unit="days"),
        rule(code="fast", amount=2, unit="days"),
        rule(code="fastest_elsewhere", amount=1, unit="days", regions=["990100"]),
        rule(code="not_hers", amount=1, unit="days", who=["newborn"]),
    ]
    rules_of = Ruleset("t", Reminders(24, 24), {"report": Step("", "")}, rules)
    died = noon(2026, 11, 24)
    here = rules_of.deadlines("mother", died, ["990200"], PLAIN)
    assert [item.rule.code for item in here] == ["fast"]
    there = rules_of.deadlines("mother", died, ["990102", "990100"], PLAIN)
    assert [item.rule.code for item in there] == ["fastest_elsewhere"]


def test_shipped_rules_name_source_and_confidence_and_a_known_step() -> None:
    for item in DEADLINES.rules:
        assert item.source
        assert item.zh
        assert item.en
        assert item.step in DEADLINES.steps
        assert item.to_be_verified == (item.confidence in ("B", "I"))
    mother = DEADLINES.deadlines("mother", noon(2026, 11, 24), [], CALENDAR)
    assert [(item.step, item.rule.code) for item in mother] == [
        ("report_county_mch", "national_report"),
        ("hospital_review", "xinfeng_hospital_review"),
        ("county_review", "xinfeng_county_review"),
    ]
    child = DEADLINES.deadlines("newborn", noon(2026, 11, 24), [], CALENDAR)
    assert all(item.rule.to_be_verified for item in child)


def test_reminders_come_before_at_and_after_the_deadline() -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    due = now + timedelta(days=2)
    assert DEADLINES.first_reminder(now, due) == due - timedelta(hours=24)
    assert DEADLINES.first_reminder(now, now + timedelta(hours=1)) == now
    assert DEADLINES.next_reminder(due - timedelta(hours=24), due) == due
    assert DEADLINES.next_reminder(due, due) == due + timedelta(hours=24)


@pytest.mark.parametrize(
    ("rules", "steps", "said"),
    [
        (DEADLINES.rules, {"report_county_mch": Step("", "")}, "步骤不能增减"),
        ([*DEADLINES.rules, DEADLINES.rules[0]], DEADLINES.steps, "代码重复"),
        ([*DEADLINES.rules, rule(step="picnic")], DEADLINES.steps, "picnic"),
        (DEADLINES.rules[:3], DEADLINES.steps, "county_review"),
        (DEADLINES.rules, DEADLINES.steps, None),
    ],
)
def test_a_region_s_rules_make_sense(
    rules: list[Rule], steps: dict[str, Step], said: str | None
) -> None:
    found = wrong(msgspec.structs.replace(DEADLINES, rules=rules, steps=steps))
    assert (found is None) if said is None else (said in str(found))
