"""What is handed on gives no woman away, neither by itself nor by subtraction."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.small_numbers import FEWEST, gives_away, hidden, small, small_share


@pytest.mark.parametrize(("n", "gone"), [(0, False), (1, True), (4, True), (5, False)])
def test_one_to_four_are_hidden(n: int, gone: bool) -> None:
    assert small(n) is gone


@pytest.mark.parametrize(
    ("n", "of", "gone"),
    [(5, 10, False), (4, 10, True), (6, 10, True), (3, 4, True), (0, 10, False), (10, 10, False)],
)
def test_a_share_is_hidden_from_either_side(n: int, of: int, gone: bool) -> None:
    assert small_share(n, of) is gone


def possible(parts: list[int], gone: list[bool]) -> list[set[int]]:
    """What each part can be to whoever reads the table: shown ones, "<5", "*", and the sum."""
    wide = range(FEWEST, FEWEST + 12)
    choices = [
        (range(1, FEWEST) if small(n) else wide) if hides else (n,)
        for n, hides in zip(parts, gone, strict=True)
    ]
    found: list[set[int]] = [set() for _ in parts]
    for guess in itertools.product(*choices):
        if sum(guess) == sum(parts):
            for numbers, n in zip(found, guess, strict=True):
                numbers.add(n)
    return found


@given(st.lists(st.integers(0, FEWEST + 6), max_size=5))
def test_no_small_part_follows_from_the_sum_and_the_others(parts: list[int]) -> None:
    told = [small(n) for n in parts]
    gone = hidden(parts, told)
    assert all(after or not before for before, after in zip(told, gone, strict=True))
    assert gives_away(parts, gone) <= all(gone[at] for at, n in enumerate(parts) if n)
    if not gives_away(parts, gone):
        could_be = possible(parts, gone)
        assert all(len(could_be[at]) > 1 for at, n in enumerate(parts) if small(n))


@pytest.mark.parametrize(
    ("parts", "gone"),
    [
        ([3, 9, 30], [True, True, False]),
        ([1, 1, 9], [True, True, True]),  # 2 left of two houses: one each
        ([4, 4, 9, 30], [True, True, True, False]),  # 8 left of two: four each
        ([1, 5, 9], [True, True, True]),  # 6 left of "<5" and "*": one and five
        ([0, 9, 30], [False, False, False]),
    ],
)
def test_as_many_are_hidden_as_it_takes(parts: list[int], gone: list[bool]) -> None:
    assert hidden(parts, [small(n) for n in parts]) == gone


def test_where_all_are_hidden_the_sum_may_say_it() -> None:
    assert gives_away([1] * 5, [True] * 5)
    assert not gives_away([1, 1, 1, 2], [True] * 4)
