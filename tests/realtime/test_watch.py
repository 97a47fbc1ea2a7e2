"""The watch session, without a socket."""

from __future__ import annotations

import json
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime import frames
from realtime.session import Hangup
from realtime.watch import MAX_VIEWS, Left, View, Wanted, WatchSession
from tests.realtime.wire import frame


def subscribe(*recordings: UUID, since_s: int = 60) -> bytes:
    return json.dumps(
        {"type": "subscribe", "recordings": [str(r) for r in recordings], "since_s": since_s}
    ).encode()


def wanted(session: WatchSession, *recordings: UUID) -> tuple[View, ...]:
    [event] = session.receive_text(subscribe(*recordings))
    assert isinstance(event, Wanted)
    return event.views


def admitted(session: WatchSession, *recordings: UUID) -> tuple[View, ...]:
    views = wanted(session, *recordings)
    for number, view in enumerate(views, 1):
        session.admitted(view, number, {})
    return views


def live(session: WatchSession, *recordings: UUID) -> tuple[View, ...]:
    views = admitted(session, *recordings)
    for view in views:
        session.hold(view, [], 0)
        session.go_live(view, [], 1)
    return views


def seqs(messages: list[bytes]) -> list[int]:
    return [frames.seq_of(one) for message in messages for one in frames.split_live(message)]


def test_views_are_asked_once() -> None:
    session, one, two = WatchSession(), uuid4(), uuid4()
    views = wanted(session, one, two, one)
    assert [view.recording for view in views] == [one, two]
    assert session.receive_text(subscribe(one)) == []
    left = session.receive_text(subscribe(one).replace(b"subscribe", b"unsubscribe"))
    assert left == [Left((views[0],))]
    assert wanted(session, one)[0] is not views[0]


def test_history_and_live_carry_the_number_of_the_view() -> None:
    session = WatchSession()
    one, two = admitted(session, uuid4(), uuid4())
    session.hold(one, [frame(5, stream=9)], 9)
    [message] = session.go_live(one, [frame(4, stream=8)], 4)
    heads = [frames.read_head(part) for part in frames.split_live(message)]
    assert [(head.stream, head.seq) for head in heads] == [(1, 4), (1, 5)]
    session.go_live(two, [], 1)
    session.feed(one, frame(7, stream=1))
    session.feed(two, frame(8, stream=2))
    notices, [message] = session.take()
    assert notices == []
    heads = [frames.read_head(part) for part in frames.split_live(message)]
    assert [(head.stream, head.seq) for head in heads] == [(1, 7), (2, 8)]
    assert session.take() == ([], [])


@given(
    st.lists(st.integers(1, 80), unique=True, max_size=60),
    st.data(),
)
def test_history_and_live_make_every_second_once(all_seqs: list[int], data: st.DataObject) -> None:
    """Whichever seconds are committed, in flight or new when history is read: all, once."""
    session = WatchSession()
    [view] = admitted(session, uuid4())
    arrival = list(all_seqs)
    at = data.draw(st.integers(0, len(arrival)), "received before the hold")
    committed = data.draw(st.integers(0, at), "committed before the hold")
    more = data.draw(st.integers(at, len(arrival)), "received while history is read")
    read = data.draw(st.integers(committed, more), "committed when history is read")
    session.hold(view, [frame(seq) for seq in arrival[committed:at]], 80)
    for seq in arrival[at:more]:
        session.feed(view, frame(seq))
    history = [frame(seq) for seq in sorted(arrival[:read])]
    first = session.go_live(view, history, 1)
    for seq in arrival[more:]:
        session.feed(view, frame(seq))
    _, rest = session.take()
    assert seqs(first) == sorted(seqs(first))
    assert sorted(seqs(first) + seqs(rest)) == sorted(all_seqs)


def test_what_was_history_is_not_relayed_again() -> None:
    session = WatchSession()
    [view] = admitted(session, uuid4())
    session.page(view, [frame(1), frame(2)])
    session.hold(view, [frame(3)], 9)
    session.go_live(view, [frame(3), frame(4)], 3)
    for seq in (2, 4, 5):
        session.feed(view, frame(seq), relayed=True)
    session.feed(view, frame(6))
    assert seqs(session.take()[1]) == [5, 6]


def test_a_view_that_holds_too_much_must_read_again() -> None:
    session = WatchSession(max_pending=3)
    [view] = admitted(session, uuid4())
    session.hold(view, [], 9)
    for seq in range(1, 5):
        session.feed(view, frame(seq))
    assert view.spilled
    session.hold(view, [frame(4)], 9)
    assert not view.spilled


@given(
    st.lists(st.integers(1, 60), unique=True, min_size=1, max_size=60),
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)), max_size=20),
)
def test_history_in_pages_and_live_make_every_second_once(
    arrival: list[int], steps: list[tuple[int, int, int]]
) -> None:
    """As the gateway does it: what a page leaves to the next one is there, and is sent once."""
    session = WatchSession()
    [view] = admitted(session, uuid4())
    arrived = committed = 0
    sent: list[int] = []
    first, moves = 1, iter(steps)

    def more(count: int) -> None:
        nonlocal arrived
        for seq in arrival[arrived : arrived + count]:
            session.feed(view, frame(seq))
        arrived = min(len(arrival), arrived + count)

    while not view.live:
        before, during, stored = next(moves, (60, 60, 60))
        more(before)
        last = first + 9
        session.hold(view, [frame(seq) for seq in arrival[committed:arrived]], last)
        more(during)
        committed = min(arrived, committed + stored)
        page = sorted(seq for seq in arrival[:committed] if first <= seq <= last)
        history = [frame(seq) for seq in page]
        if last >= max(arrival[:arrived], default=0):
            sent += seqs(session.go_live(view, history, first))
        else:
            sent += seqs(session.page(view, history))
        first = last + 1
    more(len(arrival))
    sent += seqs(session.take()[1])
    assert sorted(sent) == sorted(arrival)


def test_strips_that_wait_for_their_history_hold_little_whatever_comes() -> None:
    """A viewer that reads slowly asks for an hour of 64 strips, and each of them goes on."""
    session = WatchSession(max_pending=1_000)
    views = admitted(session, *(uuid4() for _ in range(64)))
    session.hold(views[0], [], 100)
    for seq in range(1, 201):
        for view in views:
            session.feed(view, frame(seq))
    assert session.held == len(views[0].held) == 100
    for view in views:
        session.hold(view, [], 200)
    for seq in range(1, 201):
        for view in views:
            session.feed(view, frame(seq))
    assert session.held <= 1_000
    assert any(view.spilled for view in views)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 500)), max_size=300, unique=True))
def test_a_slow_viewer_keeps_the_newest_and_knows_what_it_missed(
    fed: list[tuple[int, int]],
) -> None:
    session = WatchSession(max_pending=20)
    views = live(session, uuid4(), uuid4(), uuid4())
    for at, seq in fed:
        one = frame(seq, stream=views[at].number)
        if seq % 3:
            session.feed(views[at], one)
        else:
            session.push(one + frame(seq + 1_000, stream=views[2 - at].number))
            fed = [*fed, (2 - at, seq + 1_000)]
        assert session.queued == sum(map(len, session.queue)) // frames.FRAME_BYTES <= 20
    notices, messages = session.take()
    got: dict[int, set[int]] = {1: set(), 2: set(), 3: set()}
    for message in messages:
        for part in frames.split_live(message):
            head = frames.read_head(part)
            got[head.stream].add(head.seq)
    for notice in map(json.loads, notices):
        assert notice["type"] == "resync"
        got[notice["view"]] |= set(range(notice["from"], notice["to"] + 1))
    for view in views:
        sent = {seq for at, seq in fed if views[at] is view}
        assert sent <= got[view.number]
        if sent:
            assert max(sent) in got[view.number]


def test_messages_hold_at_most_512_frames() -> None:
    session = WatchSession()
    [view] = live(session, uuid4())
    for seq in range(1, 1_201):
        session.feed(view, frame(seq))
    _, messages = session.take()
    assert [len(frames.split_live(message)) for message in messages] == [512, 512, 176]


def test_a_refused_view_is_forgotten_with_what_waited() -> None:
    session, recording = WatchSession(), uuid4()
    [view] = live(session, recording)
    session.feed(view, frame(1))
    assert json.loads(session.refused(recording, "ctg.not_found"))["code"] == "ctg.not_found"
    assert session.take() == ([], [])
    assert session.drop(recording) is None


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (b"{", "ctg.json_invalid"),
        (b"{}", "ctg.message_invalid"),
        (subscribe(), "ctg.message_invalid"),
        (subscribe(UUID(int=7), since_s=-1), "ctg.message_invalid"),
        (b" " * 17_000, "ctg.message_too_big"),
    ],
)
def test_malformed_text_ends_the_session(message: bytes, reason: str) -> None:
    session = WatchSession()
    assert session.receive_text(message) == [
        Hangup(1007 if reason == "ctg.json_invalid" else 1008, reason)
    ]
    assert session.over


def test_too_many_views_and_binary_end_the_session() -> None:
    session = WatchSession()
    wanted(session, *(uuid4() for _ in range(MAX_VIEWS)))
    [event] = session.receive_text(subscribe(uuid4()))
    assert event == Hangup(1008, "ctg.too_many_views")
    assert WatchSession().receive_binary(b"x") == [Hangup(1008, "ctg.binary_not_expected")]


@given(st.lists(st.binary(max_size=80)))
def test_no_text_breaks_the_session(story: list[bytes]) -> None:
    session = WatchSession()
    for data in story:
        for event in session.receive_text(data):
            assert isinstance(event, Hangup | Wanted | Left)
