"""What is handed on gives no woman away, neither by itself nor by subtraction."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.small_numbers import FEWEST, hidden, small, small_share


@pytest.mark.parametrize(("n", "gone"), [(0, False), (1, True), (4, True), (5, False)])
def test_one_to_four_are_hidden(n: int, gone: bool) -> None:
    assert small(n) is gone


@pytest.mark.parametrize(
    ("n", "of", "gone"),
    [(5, 10, False), (4, 10, True), (6, 10, True), (3, 4, True), (0, 10, False), (10, 10, False)],
)
def test_a_share_is_hidden_from_either_side(n: int, of: int, gone: bool) -> None:
    assert small_share(n, of) is gone


@given(st.lists(st.integers(0, 30), max_size=8))
def test_no_hidden_part_follows_from_the_sum(parts: list[int]) -> None:
    told = [small(n) for n in parts]
    gone = hidden(parts, told)
    assert all(after or not before for before, after in zip(told, gone, strict=True))
    shown = sum(n for n, hides in zip(parts, gone, strict=True) if not hides and n)
    left = sum(parts) - shown
    # One hidden part alone would be the difference; it stands alone only where nothing else is.
    if sum(gone) == 1:
        assert left < FEWEST
        assert shown == 0
