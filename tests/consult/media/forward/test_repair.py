"""What is lost is asked for until it comes or is no use."""

from hypothesis import given
from hypothesis import strategies as st

from consult.media.forward.repair import Repair, Throttle
from consult.media.forward.wrap import SEQ


def _with_hole() -> Repair:
    repair = Repair()
    for seq in (1, 2, 5):
        assert repair.arrived(seq, 0.0)
    return repair


def test_a_hole_is_asked_for_at_once_and_again() -> None:
    repair = _with_hole()
    assert repair.due(0.0, 0.0) == [3, 4]
    assert repair.due(0.03, 0.0) == []
    assert repair.due(0.06, 0.0) == [3, 4]
    assert repair.arrived(3, 0.07)
    assert repair.due(0.13, 0.0) == [4]


def test_on_a_long_way_it_is_asked_for_less_often() -> None:
    repair = _with_hole()
    assert repair.due(0.0, 0.2) == [3, 4]
    assert repair.due(0.29, 0.2) == []
    assert repair.due(0.31, 0.2) == [3, 4]


def test_it_is_given_up_after_a_second_and_a_picture_is_needed() -> None:
    repair = _with_hole()
    asked, at = 0, 0.0
    while not repair.needs_keyframe:
        asked += len(repair.due(at, 0.0))
        at += 0.02
        assert at < 2
    assert repair.holes == 0
    assert asked == 2 * 10


def test_a_pause_needs_a_picture_and_no_repair() -> None:
    repair = _with_hole()
    repair.arrived(90, 0.7)
    assert repair.needs_keyframe
    assert repair.due(0.7, 0.0) == []


def test_a_duplicate_is_nobodys() -> None:
    repair = _with_hole()
    assert not repair.arrived(2, 0.1)
    assert repair.arrived(4, 0.1)
    assert not repair.arrived(4, 0.1)


@given(st.integers(0, SEQ - 1), st.lists(st.booleans(), min_size=5, max_size=200))
def test_exactly_what_is_missing_is_asked_for(first: int, comes: list[bool]) -> None:
    comes[0] = comes[-1] = True
    repair = Repair()
    for step, here in enumerate(comes):
        if here:
            repair.arrived((first + step) % SEQ, 0.0)
    missing = [(first + step) % SEQ for step, here in enumerate(comes) if not here]
    assert repair.due(0.0, 0.0) == missing
    for seq in missing:
        assert repair.arrived(seq, 0.01)
    assert repair.due(1.0, 0.0) == []
    assert not repair.needs_keyframe


def test_pictures_are_asked_for_every_third_of_a_second_at_most() -> None:
    throttle = Throttle()
    asked = []
    for tick in range(100):
        throttle.ask()
        if throttle.due(tick / 100):
            asked.append(tick)
    assert asked == [0, 30, 60, 90]
    assert throttle.due(1.3)
    assert not throttle.due(5.0)
