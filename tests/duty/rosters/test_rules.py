"""Titles, and what is left of a shift."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duty.rosters.rules import remainders, title_rank, title_suffices

START = datetime(2026, 1, 1, tzinfo=UTC)
HOURS = st.integers(0, 48).map(lambda h: START + timedelta(hours=h))
PERIODS = st.tuples(HOURS, HOURS).filter(lambda p: p[0] < p[1])


@pytest.mark.parametrize(
    ("title", "rank"),
    [
        ("主任医师", 5),
        ("副主任医师", 4),
        ("主治医师", 3),
        ("主管护师", 3),
        ("副主任护师", 4),
        ("医师", 2),
        ("护士", 1),
        ("", 0),
        ("科员", 0),
    ],
)
def test_titles_have_five_grades(title: str, rank: int) -> None:
    assert title_rank(title) == rank


def test_a_place_may_ask_for_a_title() -> None:
    assert title_suffices("主任医师", "副主任医师")
    assert not title_suffices("主治医师", "副主任医师")
    assert title_suffices("", None)


@given(PERIODS, PERIODS)
def test_what_is_left_and_what_was_taken_make_up_the_whole(
    whole: tuple[datetime, datetime], taken: tuple[datetime, datetime]
) -> None:
    left = remainders(whole, taken)
    for hour in range(49):
        at = START + timedelta(hours=hour)
        inside = whole[0] <= at < whole[1]
        lost = taken[0] <= at < taken[1]
        assert sum(start <= at < end for start, end in left) == (inside and not lost)
