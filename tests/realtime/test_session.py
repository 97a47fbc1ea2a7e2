"""The ingest session, without a socket: every message has an answer, none an exception."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime import frames
from realtime.resume import Progress
from realtime.session import (
    MAX_STREAMS,
    STREAM_STATES,
    Ending,
    Hangup,
    IngestSession,
    LostDeclared,
    Opening,
    Reply,
    Stream,
    TimeAsked,
)
from tests.realtime.wire import bundle, frame

RECORDING = UUID(int=5)


def said(**message: Any) -> bytes:
    return json.dumps(message).encode()


def open_message(stream: int = 1, **more: Any) -> bytes:
    fields: dict[str, Any] = {
        "type": "open", "stream": stream, "device": "SN-1", "recording": str(RECORDING),
        "channels": ["fhr1"], "started_at": "2026-11-22T03:00:00Z",
    }  # fmt: skip
    return said(**(fields | more))


def opened(
    session: IngestSession, number: int = 1, progress: Progress | None = None, **more: Any
) -> Stream:
    [event] = session.receive_text(open_message(number, **more))
    assert isinstance(event, Opening)
    session.opened(event.stream, progress or Progress(RECORDING))
    return event.stream


def hangup(events: list[Any]) -> str:
    [event] = events
    assert isinstance(event, Hangup)
    return event.reason


def test_opening_answers_the_next_durable_second() -> None:
    session = IngestSession(viewer_limit=9)
    [event] = session.receive_text(open_message())
    assert isinstance(event, Opening)
    progress = Progress(RECORDING, [(1, 10)])
    answer = json.loads(session.opened(event.stream, progress, durable=7))
    assert answer == {
        "type": "opened", "stream": 1, "next_seq": 8, "heartbeat_s": 5, "viewer_limit": 9,
    }  # fmt: skip


def test_acks_follow_durability_and_are_cumulative() -> None:
    session = IngestSession()
    stream = opened(session)
    batch = session.receive_binary(bundle([frame(1), frame(2), frame(4)]))
    assert batch.seqs == [1, 2, 4]
    assert stream.progress is not None
    assert stream.progress.next_seq == 3
    assert session.take_acks() is None
    session.durable(stream, 2)
    acks = session.take_acks()
    assert acks is not None
    assert frames.read_ack(acks) == [(1, 2)]
    assert session.take_acks() is None
    session.duplicate(stream)
    again = session.take_acks()
    assert again is not None
    assert frames.read_ack(again) == [(1, 2)]


def test_a_number_that_has_come_before_is_a_suspect() -> None:
    session = IngestSession()
    stream = opened(session, progress=Progress(RECORDING, [(1, 3)]))
    batch = session.receive_binary(bundle([frame(3), frame(4), frame(4, rate=500)]))
    assert batch.seqs == [4]
    assert [seq for _, seq, _ in batch.suspects] == [3, 4]
    assert json.loads(session.conflict(stream, 4))["code"] == "ctg.conflicting_frame"


def test_a_declared_gap_names_only_what_is_missing_and_may_still_be_filled() -> None:
    session = IngestSession()
    stream = opened(session)
    session.receive_binary(bundle([frame(1), frame(4)]))
    [event] = session.receive_text(said(type="gap", stream=1, **{"from": 1, "to": 6}))
    assert event == LostDeclared(stream, ((2, 3), (5, 6)))
    assert stream.progress is not None
    assert stream.progress.next_seq == 7
    assert len(session.receive_binary(frame(3)).frames) == 1


def test_closing_waits_for_every_second() -> None:
    session = IngestSession()
    stream = opened(session)
    session.receive_binary(frame(1))
    [event] = session.receive_text(said(type="close", stream=1, last_seq=2))
    assert isinstance(event, Reply)
    assert json.loads(event.text)["code"] == "ctg.close_incomplete"
    session.receive_binary(frame(2))
    [event] = session.receive_text(said(type="close", stream=1, last_seq=1))
    assert isinstance(event, Reply)
    assert json.loads(event.text)["code"] == "ctg.close_too_early"
    [event] = session.receive_text(said(type="close", stream=1, last_seq=2))
    assert event == Ending(stream, 2)
    assert session.receive_binary(frame(3)).frames == []
    assert json.loads(session.closed(stream)) == {"type": "closed", "stream": 1}
    assert opened(session) is not stream


def test_a_refused_or_lost_stream_is_silent_not_fatal() -> None:
    session = IngestSession()
    [event] = session.receive_text(open_message())
    assert isinstance(event, Opening)
    session.refused(event.stream, "ctg.device_unknown")
    other = opened(session, 2)
    session.lost(other, "ctg.taken_over")
    for stream in (1, 2):
        assert session.receive_binary(frame(1, stream=stream)).hangup is None
        assert session.receive_text(said(type="close", stream=stream, last_seq=1)) == []
    opened(session, 1)


def test_no_more_than_64_monitors() -> None:
    session = IngestSession()
    for number in range(1, MAX_STREAMS + 1):
        opened(session, number)
    [event] = session.receive_text(open_message(65))
    assert isinstance(event, Reply)
    assert json.loads(event.text)["code"] == "ctg.too_many_streams"
    assert not session.over


def test_time_is_asked_with_what_the_sender_measured() -> None:
    session = IngestSession()
    assert session.receive_text(said(type="time", t1=5, offset_ns=-3, rtt_ns=8)) == [
        TimeAsked(5, -3, 8)
    ]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (b'{"type":', "ctg.json_invalid"),
        (b"\xff\xfe", "ctg.json_invalid"),
        (b"[]", "ctg.message_invalid"),
        (b'{"type":"gap","stream":1,"from":5,"to":4}', "ctg.gap_invalid"),
        (b'{"type":"gap","stream":1,"from":0,"to":4}', "ctg.message_invalid"),
        (b'{"type":"close","stream":2,"last_seq":1}', "ctg.stream_not_open"),
        (open_message(1), "ctg.stream_in_use"),
        (open_message(2, channels=["ecg"]), "ctg.message_invalid"),
        (open_message(2, started_at="2026-11-22T03:00:00"), "ctg.message_invalid"),
        (open_message(2, started_at="0001-01-01T00:00:00+14:00"), "ctg.message_invalid"),
        (open_message(2, started_at="9999-12-31T23:59:59-14:00"), "ctg.message_invalid"),
        (open_message(2, device="SN\0"), "ctg.message_invalid"),
        (open_message(2, bed="产房\0"), "ctg.message_invalid"),
        (open_message(2, bed="产房\n"), "ctg.message_invalid"),
        (open_message(2, ack_ms=2_001), "ctg.message_invalid"),
        (open_message(65_536), "ctg.message_invalid"),
        (open_message(2, bed="x" * 20_000), "ctg.message_too_big"),
    ],
)
def test_malformed_text_ends_the_session(message: bytes, reason: str) -> None:
    session = IngestSession()
    opened(session)
    assert hangup(session.receive_text(message)) == reason
    assert session.over
    assert session.receive_text(open_message(3)) == []
    assert session.receive_binary(frame(1)).frames == []


def test_holes_are_bounded() -> None:
    session = IngestSession()
    opened(session)
    batch = None
    for first in range(1, 4_000, 1_000):
        batch = session.receive_binary(bundle([frame(s) for s in range(first, first + 1_000, 2)]))
        if batch.hangup:
            break
    assert batch is not None
    assert batch.hangup == Hangup(1008, "ctg.too_many_gaps")


def test_the_state_table_has_no_dead_ends() -> None:
    states = {"none", *STREAM_STATES.values()}
    assert {state for state, _ in STREAM_STATES} == states


binary = st.one_of(
    st.binary(max_size=200),
    st.lists(
        st.builds(frame, st.integers(0, 30), stream=st.integers(0, 4), rate=st.integers(0, 999)),
        min_size=1, max_size=6,
    ).map(bundle),
    st.builds(frame, st.integers(1, 30), stream=st.integers(1, 3)),
)  # fmt: skip
number = st.integers(-1, 40)
text = st.one_of(
    st.binary(max_size=60),
    st.builds(open_message, st.integers(0, 4)),
    st.builds(lambda s, n: said(type="close", stream=s, last_seq=n), st.integers(0, 4), number),
    st.builds(
        lambda s, a, b: said(type="gap", stream=s, **{"from": a, "to": b}),
        st.integers(0, 4), number, number,
    ),
    st.builds(lambda t: said(type="time", t1=t), st.one_of(number, st.text(max_size=3))),
)  # fmt: skip


@settings(max_examples=400)
@given(st.lists(st.one_of(st.tuples(st.just("b"), binary), st.tuples(st.just("t"), text))))
def test_no_story_breaks_the_session(story: list[tuple[str, bytes]]) -> None:
    """Whatever comes, seconds are accepted once and acknowledged only without a hole before."""
    session, kept = IngestSession(), set[tuple[Stream, int]]()
    for kind, data in story:
        if kind == "b":
            batch = session.receive_binary(data)
            for stream, seq in zip(batch.streams, batch.seqs, strict=True):
                assert (stream, seq) not in kept
                kept.add((stream, seq))
            if batch.hangup is not None:
                assert session.over
                assert batch.hangup.reason.startswith("ctg.")
            continue
        for event in session.receive_text(data):
            if isinstance(event, Opening):
                session.opened(event.stream, Progress(uuid4()))
            elif isinstance(event, Ending):
                assert event.stream.progress is not None
                assert event.stream.progress.next_seq > event.last_seq
                session.closed(event.stream)
            elif isinstance(event, Hangup):
                assert event.close_code in (1007, 1008)
                assert event.reason.startswith("ctg.")
                assert session.over
    for stream in session.streams.values():
        if stream.progress is not None:
            session.durable(stream, stream.progress.next_seq - 1)
    acks = session.take_acks()
    for number, seq in frames.read_ack(acks) if acks else []:
        progress = session.streams[number].progress
        assert progress is not None
        assert seq == 0 or not progress.settled.missing(1, seq)
