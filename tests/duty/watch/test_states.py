"""A sign counts after standing for a while and ceases after being gone for a while."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from duty.watch.signs import Found, Sign
from duty.watch.states import SIGN, Change, Patience, SignAction, SignState, Standing, fold

START = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
PATIENCE = Patience(timedelta(seconds=2), timedelta(seconds=10))
BAD = Found(Sign.ENGINE_SILENT, 12.0)


def looks(said: list[bool], step_s: float = 1.0) -> tuple[list[tuple[int, str]], list[bool]]:
    """What changed at which look, and whether the sign counted after each."""
    signs: dict[str, Standing] = {}
    told: list[tuple[int, str]] = []
    counts: list[bool] = []
    for number, bad in enumerate(said):
        now = START + timedelta(seconds=number * step_s)
        signs, changes = fold(signs, [BAD] if bad else [], now, PATIENCE)
        told += [(number, change.what) for change in changes]
        counts.append(any(one.counts for one in signs.values()))
    return told, counts


def test_a_blink_is_nothing() -> None:
    assert looks([True, True, False] * 3)[0] == []


def test_what_stands_is_raised_once_and_cleared_once() -> None:
    told, counts = looks([True] * 6 + [False] * 14)
    assert told == [(2, "raised"), (16, "cleared")]
    assert counts == [False, False, *[True] * 14, *[False] * 4]


def test_what_comes_back_before_it_was_taken_back_was_never_gone() -> None:
    assert looks([True] * 4 + [False] * 9 + [True] * 4 + [False] * 5)[0] == [(2, "raised")]


def test_the_measure_moves_with_every_look_and_the_beginning_stays() -> None:
    signs: dict[str, Standing] = {}
    for second in range(6):
        now = START + timedelta(seconds=second)
        found = [Found(Sign.ESCALATION_OVERDUE, 5.0 + second)]
        signs, _ = fold(signs, found, now, PATIENCE)
    (one,) = signs.values()
    assert (one.value, one.raised_at) == (10.0, START + timedelta(seconds=2))


def test_channels_are_told_apart() -> None:
    signs: dict[str, Standing] = {}
    changes: list[Change] = []
    for second in range(3):
        found = [Found(Sign.CHANNEL_FAILING, 3, "sms"), Found(Sign.CHANNEL_FAILING, 3, "voice")]
        signs, changes = fold(signs, found, START + timedelta(seconds=second), PATIENCE)
    assert [change.sign.channel for change in changes] == ["sms", "voice"]


@given(st.lists(st.booleans(), max_size=60))
def test_raised_and_cleared_take_turns(said: list[bool]) -> None:
    told, counts = looks(said)
    words = [what for _, what in told]
    assert words == (["raised", "cleared"] * len(words))[: len(words)]
    assert (bool(words) and words[-1] == "raised") == (bool(counts) and counts[-1])


def test_the_table_has_no_end() -> None:
    assert {state for state, _, _ in SIGN} == set(SignState)
    assert {action for _, action, _ in SIGN} == set(SignAction)
