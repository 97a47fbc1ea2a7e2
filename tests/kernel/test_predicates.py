"""Conditions as data: comparisons, Kleene's logic, and what is refused."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.predicates import Facts, parse

X_ABOVE_1 = {"fact": "x", "gt": 1}


@pytest.mark.parametrize(
    ("condition", "value", "answer"),
    [
        ({"lt": 60}, 59.9, True),
        ({"lt": 60}, 60, False),
        ({"le": 60}, 60, True),
        ({"gt": 60}, 60, False),
        ({"ge": 60}, 60, True),
        ({"ge": 40, "lt": 60}, 40, True),
        ({"ge": 40, "lt": 60}, 60, False),
        ({"eq": "B"}, "B", True),
        ({"ne": "B"}, "B", False),
        ({"is": True}, True, True),
        ({"is": True}, False, False),
        ({"in": ["a", "b"]}, "b", True),
        ({"in": ["a", "b"]}, "c", False),
        ({"has": "a"}, {"a", "b"}, True),
        ({"has": "a"}, ["b"], False),
        ({"has": "a"}, "abc", False),
    ],
)
def test_comparisons(condition: dict[str, object], value: object, answer: bool) -> None:
    predicate = parse({"fact": "x", **condition})
    assert predicate.test({"x": value}) is answer
    assert predicate.test({"x": None}) is None
    assert predicate.test({}) is None


@pytest.mark.parametrize("values", list(product([0, 2, None], repeat=3)))
def test_any_all_and_at_least_agree_with_counting(values: tuple[int | None, ...]) -> None:
    parts = [{"fact": name, "gt": 1} for name in "xyz"]
    facts = dict(zip("xyz", values, strict=True))
    worlds = [
        dict(zip("xyz", world, strict=True))
        for world in product([0, 2], repeat=3)
        if all(known in (None, guess) for known, guess in zip(values, world, strict=True))
    ]

    def expected(need: int) -> bool | None:
        seen = {sum(value > 1 for value in world.values()) >= need for world in worlds}
        return seen.pop() if len(seen) == 1 else None

    assert parse({"any": parts}).test(facts) is expected(1)
    assert parse({"at_least": 2, "of": parts}).test(facts) is expected(2)
    assert parse({"all": parts}).test(facts) is expected(3)


@given(st.dictionaries(st.sampled_from("xy"), st.one_of(st.none(), st.integers(0, 3))))
def test_not_turns_what_is_known_and_nothing_else(facts: Facts) -> None:
    plain = parse({"any": [X_ABOVE_1, {"fact": "y", "is": True}]}).test(facts)
    turned = parse({"not": {"any": [X_ABOVE_1, {"fact": "y", "is": True}]}}).test(facts)
    assert turned is (None if plain is None else not plain)


def test_what_it_asks_for() -> None:
    condition = parse({"all": [X_ABOVE_1, {"not": {"fact": "y", "is": True}}]})
    assert condition.facts() == {"x", "y"}


@pytest.mark.parametrize(
    "raw",
    [
        "hb < 60",
        {},
        {"fact": "x"},
        {"fact": "x", "below": 3},
        {"fact": "x", "in": "abc"},
        {"any": []},
        {"all": [X_ABOVE_1], "any": [X_ABOVE_1]},
        {"at_least": 3, "of": [X_ABOVE_1]},
        {"at_least": 0, "of": [X_ABOVE_1]},
        {"not": X_ABOVE_1, "fact_": 1},
    ],
)
def test_what_is_no_condition_is_refused(raw: object) -> None:
    with pytest.raises(ValueError, match=r"condition|comparison|compared|takes a list"):
        parse(raw)


@pytest.mark.parametrize("bound", ["60", True, None])
def test_an_order_needs_numbers(bound: object) -> None:
    with pytest.raises(TypeError, match="not a number"):
        parse({"fact": "x", "lt": bound})
    with pytest.raises(TypeError, match="not a number"):
        parse({"fact": "x", "lt": 60}).test({"x": "59"})
