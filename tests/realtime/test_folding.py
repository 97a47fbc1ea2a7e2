"""Folding: every second of the journal ends in exactly one chunk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from realtime import frames
from realtime.folding import (
    MAX_CHUNK_FRAMES,
    Conflict,
    Folded,
    JournalRow,
    Stored,
    extents,
    fold,
    shares,
)
from tests.realtime.wire import frame

START = datetime(2026, 11, 22, tzinfo=UTC)


def row(number: int, *groups: tuple[int, list[bytes]]) -> JournalRow:
    return JournalRow(
        START + timedelta(seconds=number),
        [no for no, _ in groups],
        [len(group) for _, group in groups],
        b"".join(one for _, group in groups for one in group),
    )


def run(first: int, last: int, rate: int = 560) -> list[bytes]:
    return [frame(seq, rate=rate) for seq in range(first, last + 1)]


def test_mixed_flushes_become_one_chunk_a_recording() -> None:
    folded = fold([row(0, (7, run(1, 3)), (2, run(1, 2))), row(1, (2, run(3, 3)), (7, run(4, 6)))])
    chunks = folded.chunks
    assert folded.conflicts == []
    assert [(c.recording_no, c.first_seq, c.last_seq) for c in chunks] == [(2, 1, 3), (7, 1, 6)]
    assert chunks[1].frames == b"".join(run(1, 6))
    assert (chunks[1].received_from, chunks[1].received_to) == (START, START + timedelta(seconds=1))
    assert extents([row(0, (7, run(4, 9)), (2, run(1, 2)))]) == [(2, 1, 2), (7, 4, 9)]


def test_gaps_and_length_cut_chunks() -> None:
    folded = fold([row(0, (1, [*run(1, 2), *run(5, 5 + MAX_CHUNK_FRAMES)]))])
    assert [(c.first_seq, c.last_seq) for c in folded.chunks] == [(1, 2), (5, 604), (605, 605)]


def test_equal_seconds_vanish_and_different_ones_are_named() -> None:
    stored = [Stored(1, b"".join(run(1, 2)))]
    rows = [row(0, (1, [*run(2, 3), frame(1, rate=400)])), row(1, (1, [frame(3, stream=4)]))]
    folded = fold(rows, stored)
    assert [(c.first_seq, c.last_seq) for c in folded.chunks] == [(3, 3)]
    assert folded.chunks[0].frames == frame(3)
    assert folded.conflicts == [Conflict(1, 1, frame(1), frame(1, rate=400))]


def test_values_out_of_range_count_once_with_the_second_that_stays() -> None:
    odd, odder = frame(2, rate=100), frame(2, rate=100, spo2=101)
    stored = [Stored(1, odder)]
    assert fold([row(0, (1, run(1, 1)), (2, [odd]))], stored).overcounted == {}
    rows = [row(0, (1, [odd]), (2, [odd])), row(1, (2, [odd, odder, frame(2)]))]
    assert fold(rows, stored).overcounted == {1: 4, 2: 4 + 8}


def test_nothing_gives_nothing() -> None:
    assert fold([]) == fold([row(0)]) == fold([row(0, (1, []))]) == Folded()
    assert extents([]) == []
    assert fold([row(0, (1, run(1, 2)))], [Stored(1, b"".join(run(1, 3)))]) == Folded()


seconds = st.tuples(st.integers(1, 3), st.integers(1, 30), st.sampled_from([480, 560]))


@given(
    st.lists(st.lists(seconds, min_size=1, max_size=12), min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(1, 3), st.integers(1, 30)), max_size=20, unique=True),
)
def test_every_second_is_kept_once_and_the_first_wins(
    flushes: list[list[tuple[int, int, int]]], old: list[tuple[int, int]]
) -> None:
    truth = {(no, seq): frame(seq, rate=520) for no, seq in old}
    stored = [Stored(no, frame(seq, rate=520)) for no, seq in old]
    refused = set()
    rows = []
    for number, flush in enumerate(flushes):
        groups: dict[int, list[bytes]] = {}
        for no, seq, rate in flush:
            groups.setdefault(no, []).append(frame(seq, rate=rate))
        rows.append(row(number, *groups.items()))
        for no, seq, rate in sorted(flush, key=lambda second: list(groups).index(second[0])):
            one = frame(seq, rate=rate)
            if truth.setdefault((no, seq), one) != one:
                refused.add((no, seq, one))
    chunks, conflicts = [], []
    for numbers, share in zip(({1}, {2, 3}), shares(rows, [1, 2]), strict=True):
        folded = fold(share, [part for part in stored if part.recording_no in numbers])
        assert {chunk.recording_no for chunk in folded.chunks} <= numbers
        chunks += folded.chunks
        conflicts += folded.conflicts
    whole = fold(rows, stored)
    assert (whole.chunks, whole.conflicts) == (chunks, conflicts)
    made = {
        (chunk.recording_no, frames.seq_of(one)): one
        for chunk in chunks
        for one in frames.split_frames(chunk.frames)
    }
    assert len(made) == sum(chunk.last_seq - chunk.first_seq + 1 for chunk in chunks)
    assert made == {key: one for key, one in truth.items() if key not in set(old)}
    assert {(c.recording_no, c.seq, c.refused) for c in conflicts} == refused
