"""One flush becomes one row: sorted, counted, and with how far each recording has come."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from realtime import frames
from realtime.gateway.batch import Batch, seal
from realtime.gateway.live import Recording
from realtime.resume import Progress
from tests.realtime.wire import frame


def recordings(count: int) -> list[Recording]:
    return [Recording(UUID(int=no), no, Progress(UUID(int=no))) for no in range(1, count + 1)]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 9)), unique=True, max_size=40))
def test_every_recording_lies_together_in_the_order_of_arrival(
    arrived: list[tuple[int, int]],
) -> None:
    known, batch = recordings(5), Batch()
    for at, seq in arrived:
        batch.owners.append(known[at])
        batch.frames.append(frame(seq))
        known[at].progress.receive(seq)
    row = seal(batch)
    assert row.numbers == sorted({known[at].no for at, _ in arrived})
    assert [recording.no for recording in row.recordings] == row.numbers
    joined = frames.split_frames(row.joined)
    start = 0
    for no, count in zip(row.numbers, row.counts.tolist(), strict=True):
        mine = [frames.seq_of(one) for one in joined[start : start + count]]
        assert mine == [seq for at, seq in arrived if known[at].no == no]
        start += count
    assert start == len(joined) == len(arrived)
    for recording, seq in batch.touched.items():
        assert seq == recording.progress.next_seq - 1


def test_values_out_of_range_are_kept_and_counted_per_recording() -> None:
    known, batch = recordings(2), Batch()
    good, bad = frame(1), frame(1, rate=100, spo2=101)
    batch.owners, batch.frames = [known[1], known[0], known[1]], [good, good, bad]
    row = seal(batch)
    assert row.joined == good + good + bad
    assert row.invalid == [(known[1].id, 8)]


def test_an_end_alone_has_no_row() -> None:
    [recording] = recordings(1)
    batch = Batch(ends=[(recording.id, 0)], touched={recording: 0})
    assert (seal(batch).joined, batch.touched) == (b"", {recording: 0})
