"""The disk: what a write promised is there, what may not go stays, a full disk says so."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.agent.buffer import Batch, Buffer, Full, Kept
from realtime.agent.holes import seconds_between, without
from realtime.agent.samples import SILENT, build_frame


def kept(recording: UUID) -> Kept:
    return Kept(recording, "SN-1", "1", ("fhr1", "toco"), 7)


def seconds(recording: UUID, first: int, last: int) -> list[tuple[UUID, int, bytes]]:
    return [
        (recording, seq, build_frame(SILENT, seq=seq, device_ns=seq * 10**9, flags=0))
        for seq in range(first, last + 1)
    ]


@pytest.fixture
def buffer(tmp_path: Path) -> Iterator[Buffer]:
    opened = Buffer(tmp_path / "buffer.db", 2**20)
    yield opened
    opened.close()


def test_another_process_finds_what_was_written(buffer: Buffer, tmp_path: Path) -> None:
    recording = uuid4()
    buffer.write(
        Batch(began=[kept(recording)], frames=seconds(recording, 1, 9), gaps=[(recording, 10, 12)])
    )
    buffer.write(Batch(acked={recording: 4}))
    other = Buffer(tmp_path / "buffer.db", 2**20)
    try:
        (found,) = other.kept()
        assert (found.last_seq, found.acked, found.ended) == (12, 4, False)
        assert [seq for seq, _ in other.read(recording, 1, 99, 99)] == [5, 6, 7, 8, 9]
        assert other.gaps(recording) == [(10, 12)]
    finally:
        other.close()


def test_what_is_done_leaves_nothing(buffer: Buffer) -> None:
    one, two = uuid4(), uuid4()
    for recording in (one, two):
        buffer.write(Batch(began=[kept(recording)], frames=seconds(recording, 1, 3)))
    buffer.write(Batch(ended=[one]))
    assert [found.ended for found in buffer.kept()] == [True, False]
    buffer.write(Batch(done=[one]))
    assert [found.id for found in buffer.kept()] == [two]
    assert buffer.read(one, 1, 9, 9) == []
    assert len(buffer.read(two, 1, 9, 9)) == 3


def test_a_batch_is_written_wholly_or_not_at_all(buffer: Buffer) -> None:
    recording = uuid4()
    buffer.write(Batch(began=[kept(recording)], frames=seconds(recording, 1, 3)))
    with pytest.raises(sqlite3.DatabaseError):
        buffer.write(Batch(frames=seconds(recording, 4, 5), gaps=[(recording, 6, None)]))  # type: ignore[list-item]
    assert [seq for seq, _ in buffer.read(recording, 1, 9, 9)] == [1, 2, 3]


def test_a_full_disk_keeps_all_and_takes_again_what_fits(buffer: Buffer) -> None:
    recording = uuid4()
    buffer.write(Batch(began=[kept(recording)]))
    last = 0
    with pytest.raises(Full):
        while True:
            buffer.write(Batch(frames=seconds(recording, last + 1, last + 500)))
            last += 500
    assert last >= 5_000
    assert len(buffer.read(recording, 1, 10**6, 10**6)) == last
    # One that carries acknowledgements makes its own room.
    buffer.write(Batch(frames=seconds(recording, last + 1, last + 500), acked={recording: 2_000}))
    assert len(buffer.read(recording, 1, 10**6, 10**6)) == last + 500 - 2_000


def test_a_late_write_brings_nothing_acknowledged_back(buffer: Buffer) -> None:
    recording = uuid4()
    buffer.write(Batch(began=[kept(recording)], acked={recording: 5}))
    buffer.write(Batch(frames=seconds(recording, 4, 7)))
    assert [seq for seq, _ in buffer.read(recording, 1, 9, 9)] == [6, 7]


RUNS = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 6)), max_size=5).map(
    lambda found: [(first, first + more) for first, more in found]
)


@given(st.sets(st.integers(1, 40)), RUNS)
def test_holes_are_what_is_neither_there_nor_declared(there: set[int], declared: object) -> None:
    runs = declared if isinstance(declared, list) else []
    missing = without(seconds_between(1, 40, sorted(there)), runs)
    said = {seq for first, last in runs for seq in range(first, last + 1)}
    counted = [seq for first, last in missing for seq in range(first, last + 1)]
    assert sorted(counted) == sorted(set(range(1, 41)) - there - said)
