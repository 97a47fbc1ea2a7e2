"""The vectorised rules say what a plain reading of each sample says, and what they promise."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime import frames
from realtime.alarms.kinds import AlarmKind
from realtime.alarms.limits import Limits, shipped
from realtime.alarms.rules import Board, Change
from tests.realtime.alarms.oracle import Oracle, Second

Told = tuple[AlarmKind, int, bool, int, int]

SHIPPED = shipped()
QUICK = msgspec.structs.replace(
    SHIPPED, low_delay_s=2, high_delay_s=3, loss_delay_s=2, maternal_delay_s=1, same_fetus_delay_s=2
)


def as_frames(seconds: list[Second]) -> npt.NDArray[Any]:
    out = np.zeros(len(seconds), frames.FRAME)
    for at, second in enumerate(seconds):
        out["seq"][at] = second.seq
        out["flags"][at] = frames.Flag.BATTERY_LOW if second.battery else 0
        for sample, rates in enumerate(second.rates):
            for name, rate in zip(frames.RATES, rates, strict=True):
                out["samples"][name][at, sample] = rate
        out["samples"]["marks"][at] = frames.MARK_COINCIDENCE if second.reported else 0
    return out


def told(changes: list[Change], row: int) -> list[Told]:
    return sorted(
        (c.kind, c.channel, c.present, c.onset_seq, c.seq) for c in changes if c.row == row
    )


def in_order(changes: list[Change]) -> bool:
    """Each alarm begins and ends in turn, whatever way the board took."""
    last: dict[tuple[int, AlarmKind, int], bool] = {}
    for change in changes:
        key = change.row, change.kind, change.channel
        if last.get(key, False) is change.present:
            return False
        last[key] = change.present
    return True


# Lost, invalid, low, at the limits, normal, near each other, high.
RATE = st.sampled_from([0, 20, 300, 436, 440, 441, 560, 575, 640, 641, 700])
SECOND = st.builds(
    Second,
    seq=st.just(0),
    rates=st.one_of(
        st.tuples(RATE, RATE, RATE, RATE).map(lambda rates: [rates] * 4),
        st.lists(st.tuples(RATE, RATE, RATE, RATE), min_size=4, max_size=4),
    ),
    reported=st.booleans(),
    battery=st.booleans(),
)


@st.composite
def tracings(draw: st.DrawFn) -> list[Second]:
    seconds: list[Second] = []
    seq = draw(st.integers(1, 5))
    for _ in range(draw(st.integers(1, 8))):
        second = draw(SECOND)
        for _ in range(draw(st.integers(1, 8))):
            seconds.append(Second(seq, second.rates, second.reported, second.battery))
            seq += 1
        seq += draw(st.sampled_from([0, 0, 0, 1, 30, 31, 200]))
    return seconds


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            tracings(),
            st.sampled_from(
                [("fhr1", "toco"), ("fhr1", "fhr2", "mhr"), ("fhr2", "fhr3"), ("mhr",)]
            ),
        ),
        min_size=1,
        max_size=5,
    ),
    st.integers(1, 40),
    st.randoms(use_true_random=False),
)
def test_the_board_says_what_each_sample_says(
    women: list[tuple[list[Second], tuple[str, ...]]], ticks: int, dice: Any
) -> None:
    """Whatever the ticks cut off, however frames are mixed and repeated, however rows grow."""
    board = Board(capacity=1)
    rows = [board.add(channels, QUICK) for _, channels in women]
    expected = []
    for seconds, channels in women:
        oracle = Oracle(channels, QUICK)
        expected.append(sorted(x for second in seconds for x in oracle.take(second)))
    found: list[Change] = []
    longest = max(len(seconds) for seconds, _ in women)
    for first in range(0, longest, ticks):
        piece = [
            (row, second)
            for row, (seconds, _) in zip(rows, women, strict=True)
            for second in seconds[max(0, first - 1) : first + ticks]  # one of them again
        ]
        dice.shuffle(piece)
        if piece:
            index = np.array([row for row, _ in piece], np.intp)
            found += board.take(index, as_frames([second for _, second in piece]))
    assert in_order(found)
    for row, wanted in zip(rows, expected, strict=True):
        assert told(found, row) == wanted


def run(board: Board, row: int, first: int, *parts: tuple[int, int]) -> list[Told]:
    """Feed fhr1 constant for so many seconds each, as (seconds, bpm)."""
    seconds = []
    for length, bpm in parts:
        for _ in range(length):
            seconds.append(Second(first, [(bpm * 4, 0, 0, 0)] * 4))
            first += 1
    rows = np.full(len(seconds), row, np.intp)
    return told(board.take(rows, as_frames(seconds)), row)


@given(st.integers(1, SHIPPED.low_delay_s - 1))
@settings(max_examples=10)
def test_shorter_than_the_delay_is_no_alarm(seconds: int) -> None:
    board = Board()
    row = board.add(("fhr1",), SHIPPED)
    assert run(board, row, 1, (60, 140), (seconds, 80), (60, 140)) == []


@pytest.mark.parametrize(
    ("bpm", "kind", "delay"),
    [
        (109, AlarmKind.BRADYCARDIA, SHIPPED.low_delay_s),
        (161, AlarmKind.TACHYCARDIA, SHIPPED.high_delay_s),
        (0, AlarmKind.SIGNAL_LOSS, SHIPPED.loss_delay_s),
    ],
)
def test_raised_with_the_delays_last_second_and_over_when_normal_again(
    bpm: int, kind: AlarmKind, delay: int
) -> None:
    board = Board()
    row = board.add(("fhr1",), SHIPPED)
    assert run(board, row, 1, (10, 140), (delay - 1, bpm)) == []
    assert run(board, row, 10 + delay, (1, bpm)) == [(kind, 1, True, 11, 10 + delay)]
    assert board.present(row) == [(kind, 1)]
    # A quarter of the delay in normal samples ends it: long enough that a stray one does not.
    back = 10 + delay + -(-delay // 4)
    assert run(board, row, 11 + delay, (delay, 140)) == [(kind, 1, False, back, back)]
    assert board.present(row) == []


def test_the_limits_themselves_are_normal() -> None:
    board = Board()
    row = board.add(("fhr1",), SHIPPED)
    assert run(board, row, 1, (300, SHIPPED.low_bpm), (300, SHIPPED.high_bpm)) == []


def test_a_twin_without_a_transducer_is_not_lost() -> None:
    board = Board()
    row = board.add(("fhr1", "fhr2", "mhr"), SHIPPED)
    assert run(board, row, 1, (300, 140)) == []


def test_what_a_gateway_before_found_is_not_found_again_but_ends() -> None:
    board = Board()
    row = board.add(("fhr1",), SHIPPED)
    board.restore(row, AlarmKind.BRADYCARDIA, 1)
    assert run(board, row, 500, (120, 80)) == []
    assert run(board, row, 620, (60, 140)) == [(AlarmKind.BRADYCARDIA, 1, False, 627, 627)]


def test_a_row_given_back_starts_afresh() -> None:
    board = Board(capacity=1)
    row = board.add(("fhr1",), SHIPPED)
    run(board, row, 1, (60, 80))
    board.remove(row)
    again = board.add(("fhr1",), SHIPPED)
    assert again == row
    assert board.present(again) == []
    assert run(board, again, 1, (29, 80)) == []


def test_new_limits_count_from_the_next_sample() -> None:
    board = Board()
    row = board.add(("fhr1",), SHIPPED)
    run(board, row, 1, (20, 80))
    board.set_limits(row, msgspec.structs.replace(SHIPPED, low_delay_s=10))
    assert run(board, row, 21, (1, 80)) == [(AlarmKind.BRADYCARDIA, 1, True, 1, 21)]


def test_shipped_limits_are_inside_their_bounds() -> None:
    from realtime.alarms.limits import BOUNDS, out_of_bounds

    assert out_of_bounds(SHIPPED) == []
    assert set(BOUNDS) == set(Limits.__struct_fields__)
    assert out_of_bounds(msgspec.structs.replace(SHIPPED, low_bpm=40, silent_s=600)) == [
        "low_bpm",
        "silent_s",
    ]


def standing_of(changes: list[Change]) -> dict[tuple[AlarmKind, int], int]:
    """What is there after these, and the second that raised each."""
    found: dict[tuple[AlarmKind, int], int] = {}
    for change in changes:
        if change.present:
            found[change.kind, change.channel] = change.seq
        else:
            found.pop((change.kind, change.channel), None)
    return found


@given(tracings(), st.integers(0, 60), st.integers(0, 60))
@settings(max_examples=200)
def test_whoever_takes_over_says_what_would_have_been_said(
    seconds: list[Second], one_cut: int, other_cut: int
) -> None:
    """One gateway looks at less than is stored and dies; the next counts what is stored anew."""
    looked, stored = sorted(cut % (len(seconds) + 1) for cut in (one_cut, other_cut))
    arrived = as_frames(seconds)
    until = int(arrived["seq"][stored - 1]) if stored else 0
    boards = [Board() for _ in range(3)]
    (row,) = {board.add(["fhr1", "fhr2", "mhr"], QUICK) for board in boards}
    unhurt, first, second = boards

    def take(board: Board, part: npt.NDArray[Any]) -> list[Change]:
        return board.take(np.full(len(part), row, np.intp), part)

    every = take(unhurt, arrived)
    said = take(first, arrived[:looked])
    said += second.recount(row, arrived[:stored], standing_of(said))
    assert in_order(said)
    so_far = [change for change in every if change.seq <= until]
    assert standing_of(said).keys() == standing_of(so_far).keys()
    rest = [change for change in every if change.seq > until]
    assert told(take(second, arrived[stored:]), row) == told(rest, row)
    assert second.present(row) == unhurt.present(row)


def test_a_delay_half_over_is_half_over_for_whoever_takes_over() -> None:
    low = [Second(seq, [(360, 0, 0, 0)] * 4) for seq in range(100, 141)]
    board = Board()
    row = board.add(["fhr1"], SHIPPED)
    assert board.recount(row, as_frames(low[:20]), {}) == []
    (change,) = board.take(np.full(21, row, np.intp), as_frames(low[20:]))
    assert (change.kind, change.onset_seq, change.seq) == (AlarmKind.BRADYCARDIA, 100, 129)


def test_what_began_before_the_look_back_is_neither_begun_nor_ended_by_it() -> None:
    unclear = [Second(seq, [(0, 0, 0, 0)] * 4) for seq in range(100, 120)]
    board = Board()
    row = board.add(["fhr1"], SHIPPED)
    there = {(AlarmKind.BRADYCARDIA, 1): 60}
    assert board.recount(row, as_frames(unclear), there) == []
    assert board.present(row) == [(AlarmKind.BRADYCARDIA, 1)]
    well = [Second(seq, [(560, 0, 0, 0)] * 4) for seq in range(120, 130)]
    (over,) = board.recount(row, as_frames(unclear + well), there)
    assert (over.present, over.seq) == (False, 127)
