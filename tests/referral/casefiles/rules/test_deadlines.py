"""Arithmetic on moments: the end of a working day, and rungs that never go back."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from referral.casefiles.rules.deadlines import end_of_day, first_look, rung, seen_again
from referral.casefiles.rules.rulebook import Ladder, Step

DUE = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
LADDER = Ladder(
    (Step(timedelta(0), "owner"), Step(timedelta(hours=24), "county")),
    timedelta(days=7),
    "test",
    "I",
)


def test_due_by_five_in_the_afternoon_in_china() -> None:
    # 02:00 UTC is ten in the morning in China, 20:00 UTC already the next day.
    assert end_of_day(datetime(2026, 11, 25, 2, tzinfo=UTC)) == DUE
    assert end_of_day(datetime(2026, 11, 24, 20, tzinfo=UTC)) == DUE
    assert seen_again(datetime(2026, 11, 18, 2, tzinfo=UTC), timedelta(days=7)) == DUE


def test_the_owner_first_then_the_county_again_and_again() -> None:
    assert first_look(LADDER, DUE) == DUE
    first = rung(LADDER, DUE, 0, DUE)
    assert (first.step.tell, first.number) == ("owner", 0)
    second = rung(LADDER, DUE, 1, first.next_at)
    assert (second.step.tell, second.next_at) == ("county", DUE + timedelta(days=8))
    third = rung(LADDER, DUE, 2, second.next_at)
    assert (third.step.tell, third.next_at) == ("county", DUE + timedelta(days=15))


def test_after_a_long_night_only_the_newest_step_is_told() -> None:
    found = rung(LADDER, DUE, 0, DUE + timedelta(days=20))
    assert (found.number, found.step.tell) == (3, "county")


@given(st.integers(0, 6), st.integers(0, 60 * 24 * 90))
def test_a_rung_lies_behind_and_the_next_one_ahead(number: int, minutes: int) -> None:
    now = max(DUE + timedelta(minutes=minutes), DUE + LADDER.at(number).after)
    found = rung(LADDER, DUE, number, now)
    assert found.number >= number
    assert DUE + found.step.after <= now < found.next_at
