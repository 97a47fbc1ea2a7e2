"""Messages taken together bring what each would have brought alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from realtime import frames
from realtime.gateway.arrivals import MOST_BYTES, Arrivals
from realtime.gateway.live import Recording, Recordings
from realtime.gateway.rest import Rest
from realtime.marks import Places
from realtime.resume import Progress
from realtime.session import IngestSession, Open, Opening
from tests.realtime.wire import bundle, frame

STREAMS = 3
BEGUN = datetime(2026, 11, 1, tzinfo=UTC)


class Kept:
    """Where frames go, and how often somebody was woken."""

    def __init__(self) -> None:
        self.frames: dict[int, list[bytes]] = {}
        self.woken = 0

    def add(self, places: Places, joined: bytes) -> None:
        for place, one in zip(places.tolist(), frames.split_frames(joined), strict=True):
            self.frames.setdefault(place, []).append(one)

    def wake(self) -> None:
        self.woken += 1


class Line:
    """One connection with its streams open."""

    def __init__(self, gateway: Gate, number: int) -> None:
        self.session = IngestSession()
        self.gate = gateway
        self.alone = 0
        self.said: list[Any] = []
        self.recordings: list[Recording] = []
        for stream in range(1, STREAMS + 1):
            no = number * 10 + stream
            opening = Open(stream, "SN", UUID(int=no), ["fhr1"], BEGUN)
            (event,) = self.session._on_open(opening)
            assert isinstance(event, Opening)
            recording = gateway.recordings.keep(UUID(int=no), no, Progress(UUID(int=no)))
            self.session.opened(event.stream, recording.progress)
            event.stream.owner = recording
            self.recordings.append(recording)

    def take_alone(self, data: bytes, at_ns: int) -> None:
        self.alone += 1
        batch = self.session.receive_binary(data)
        if batch.frames:
            owners = [stream.owner for stream in batch.streams]
            self.gate.kept.add(*self.gate.recordings.receive_some(owners, batch.frames, at_ns))
        self.said += [(stream.number, seq) for stream, seq, _ in batch.suspects]
        if batch.hangup is not None:
            self.said.append(batch.hangup)

    def brought(self) -> list[object]:
        kept = self.gate.kept.frames
        return [
            [kept.get(one.place, []) for one in self.recordings],
            [(one.progress.next_seq, one.progress.received.ranges()) for one in self.recordings],
            [(one.last_frame, one.heard_ns) for one in self.recordings],
            self.said,
        ]


class Gate:
    """What gathers."""

    def __init__(self, lines: int = 2) -> None:
        self.recordings, self.kept = Recordings(), Kept()
        committer: Any = self.kept
        self.arrivals = Arrivals(self.recordings, committer, lambda: 77, Rest())
        self.lines = [Line(self, number) for number in range(lines)]


def second(seq: int, *, streams: int = STREAMS, **said: int) -> bytes:
    """What a centre sends each second."""
    return bundle([frame(seq, stream=one, **said) for one in range(1, streams + 1)])


def wrong(message: bytes, at: int, bit: int = 1) -> bytes:
    changed = bytearray(message)
    changed[at % len(message)] ^= bit
    return bytes(changed)


odd = st.one_of(
    st.builds(second, st.integers(1, 6), streams=st.integers(1, STREAMS)),
    st.builds(frame, st.integers(1, 6), stream=st.integers(1, STREAMS + 1)),
    st.builds(lambda seq, rate: second(seq, rate=rate), st.integers(1, 6), st.integers(100, 700)),
    st.builds(
        wrong, st.builds(second, st.integers(1, 6)), st.integers(0, 247), st.integers(1, 255)
    ),
    st.binary(max_size=100),
)
steps = st.lists(
    st.tuples(st.integers(0, 1), st.one_of(st.just("next"), st.just("next"), odd), st.booleans()),
    max_size=25,
)


@given(steps)
@example([(0, "next", False), (1, "next", True), (0, "next", False), (1, "next", True)])
@example([(0, "next", False), (0, "next", True), (0, b"noise", False), (0, "next", True)])
def test_what_is_gathered_is_what_would_have_come_alone(
    story: list[tuple[int, str | bytes, bool]],
) -> None:
    gathering, alone, due = Gate(), Gate(), [1, 1]
    for which, data, look in story:
        if isinstance(data, str):
            data, due[which] = second(due[which]), due[which] + 1
        gathering.arrivals.add(gathering.lines[which], data)
        alone.lines[which].take_alone(data, 77)
        if look:
            gathering.arrivals.take()
    gathering.arrivals.take()
    for here, there in zip(gathering.lines, alone.lines, strict=True):
        assert here.brought() == there.brought()


def test_seconds_in_order_are_looked_at_together_and_only_what_is_odd_alone() -> None:
    gate = Gate(5)
    for seq in range(1, 11):
        for line in gate.lines:
            gate.arrivals.add(line, second(seq))
        gate.arrivals.take()
    assert [line.alone for line in gate.lines] == [2] * 5  # until it is known what is usual
    assert gate.arrivals.received == 5 * STREAMS * 8
    gate.arrivals.add(gate.lines[2], second(12))  # one is missing
    for line in (*gate.lines[:2], *gate.lines[3:]):
        gate.arrivals.add(line, second(11))
    gate.arrivals.take()
    assert [line.alone for line in gate.lines] == [2, 2, 3, 2, 2]
    assert gate.lines[2].recordings[0].progress.received.ranges() == [(1, 10), (12, 12)]


def test_after_a_pause_several_messages_of_each_are_still_taken_together() -> None:
    gate = Gate(5)
    for seq in (1, 2):
        for line in gate.lines:
            gate.arrivals.add(line, second(seq))
        gate.arrivals.take()
    for seq in range(3, 13):
        for line in gate.lines:
            gate.arrivals.add(line, second(seq + (seq == 7 and line is gate.lines[1])))
    gate.arrivals.take()
    assert [line.alone for line in gate.lines] == [2, 8, 2, 2, 2]  # a second is missing
    assert [line.recordings[0].progress.next_seq for line in gate.lines] == [13, 7, 13, 13, 13]


@pytest.mark.parametrize("at", [9, 14, 20, 30, 60, 83, 87, 167])
def test_one_wrong_bit_is_found_among_all_and_ends_its_own_connection_only(at: int) -> None:
    gate = Gate(4)
    for seq in (1, 2, 3):
        for line in gate.lines:
            message = second(seq)
            gate.arrivals.add(
                line, wrong(message, at) if (seq, line) == (3, gate.lines[1]) else message
            )
        gate.arrivals.take()
    assert [line.session.over for line in gate.lines] == [False, True, False, False]
    assert [line.recordings[0].progress.next_seq for line in gate.lines[::2]] == [4, 4]
    assert gate.lines[1].alone == 3


def test_too_much_is_not_kept_waiting_and_one_waking_is_enough() -> None:
    gate = Gate(1)
    gate.arrivals.add(gate.lines[0], second(1))
    gate.arrivals.add(gate.lines[0], second(2))
    assert (gate.kept.woken, gate.kept.frames) == (1, {})
    for seq in range(3, MOST_BYTES // len(second(1)) + 2):
        gate.arrivals.add(gate.lines[0], second(seq))
    assert len(gate.kept.frames[gate.lines[0].recordings[0].place]) > 1_000


def test_a_stream_that_was_taken_over_brings_nothing_more() -> None:
    gate = Gate(1)
    (line,) = gate.lines
    for seq in (1, 2, 3):
        gate.arrivals.add(line, second(seq))
        gate.arrivals.take()
    line.session.lost(line.session.streams[2], "ctg.taken_over")
    gate.arrivals.add(line, second(4))
    gate.arrivals.take()
    assert [one.progress.next_seq for one in line.recordings] == [5, 4, 5]
    assert np.array_equal(
        gate.recordings.columns.tail[[one.place for one in line.recordings]], [5, 4, 5]
    )
