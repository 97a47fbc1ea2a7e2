"""One flush becomes one row: sorted, counted, and with how far each recording has come."""

from __future__ import annotations

from uuid import UUID

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from realtime import frames
from realtime.gateway.batch import Batch, seal
from realtime.gateway.live import Recording, Recordings
from realtime.resume import Progress
from tests.realtime.wire import frame


def recordings(count: int) -> tuple[Recordings, list[Recording]]:
    all_ = Recordings()
    kept = [all_.keep(UUID(int=no), no, Progress(UUID(int=no))) for no in range(count, 0, -1)]
    return all_, kept[::-1]


def taken(batch: Batch, *arrived: tuple[Recording, bytes]) -> None:
    for recording, one in arrived:
        batch.add(np.array([recording.place]), one)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 9)), unique=True, max_size=40))
def test_every_recording_lies_together_in_the_order_of_arrival(
    arrived: list[tuple[int, int]],
) -> None:
    (all_, known), batch = recordings(5), Batch()
    for at, seq in arrived:
        taken(batch, (known[at], frame(seq)))
        known[at].progress.receive(seq)
    row = seal(batch, all_)
    assert row.numbers.tolist() == sorted({known[at].no for at, _ in arrived})
    assert [all_.at(place).no for place in row.places.tolist()] == row.numbers.tolist()
    joined = frames.split_frames(row.view.tobytes())
    start = 0
    for no, count in zip(row.numbers.tolist(), row.counts.tolist(), strict=True):
        mine = [frames.seq_of(one) for one in joined[start : start + count]]
        assert mine == [seq for at, seq in arrived if known[at].no == no]
        assert batch.of([known[no - 1]])[known[no - 1]] == joined[start : start + count]
        start += count
    assert start == len(joined) == len(arrived) == batch.count
    for place, seq in zip(*(part.tolist() for part in batch.settled), strict=True):
        assert seq == all_.at(place).progress.next_seq - 1
    assert batch.owners == set(row.places.tolist())


def test_values_out_of_range_are_kept_and_counted_per_recording() -> None:
    (all_, known), batch = recordings(2), Batch()
    good, bad = frame(1), frame(1, rate=100, spo2=101)
    taken(batch, (known[1], good), (known[0], good), (known[1], bad))
    row = seal(batch, all_)
    assert row.view.tobytes() == good + good + bad
    assert row.invalid == [(known[1].id, 8)]


def test_an_end_alone_has_no_row() -> None:
    all_, [recording] = recordings(1)
    batch = Batch(ends=[(recording.id, 0)], touched={recording.place})
    assert len(seal(batch, all_).view) == 0
    assert [part.tolist() for part in batch.settled] == [[recording.place], [0]]


def test_a_gap_beside_frames_of_others_settles_its_own() -> None:
    (all_, known), batch = recordings(2), Batch()
    taken(batch, (known[0], frame(1)))
    known[0].progress.receive(1)
    known[1].progress.declare_lost(1, 7)
    batch.touched.add(known[1].place)
    seal(batch, all_)
    settled = dict(zip(*(part.tolist() for part in batch.settled), strict=True))
    assert settled == {known[0].place: 1, known[1].place: 7}
