"""Columns say of many recordings what each would say of itself."""

from __future__ import annotations

from unittest.mock import Mock
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime import frames
from realtime.gateway.columns import REPEAT_NS, UNMEASURED, Columns
from realtime.gateway.live import Recording, Recordings
from realtime.gateway.slots import Slots
from realtime.marks import NONE
from realtime.resume import Progress
from tests.realtime.wire import frame

S = 1_000_000_000


def known(count: int) -> tuple[Recordings, list[Recording]]:
    all_ = Recordings()
    return all_, [all_.keep(UUID(int=no), no, Progress(UUID(int=no))) for no in range(1, count + 1)]


@given(st.lists(st.booleans(), max_size=300))
def test_a_place_is_one_s_alone_and_empty_when_it_comes_to_the_next(steps: list[bool]) -> None:
    columns, held = Columns(2), list[int]()
    for take in steps:
        if take or not held:
            place = columns.take()
            assert place not in held
            assert (columns.tail[place], columns.heard_ns[place], columns.row[place]) == (-1, 0, -1)
            assert not columns.last["seq"][place]
            columns.heard_ns[place] = columns.tail[place] = columns.row[place] = 7
            columns.last[place] = frames.view_frames(frame(9))[0]
            held.append(place)
        else:
            columns.give_back(held.pop(0))
    assert all(columns.heard_ns[place] == 7 for place in held)


def test_a_number_is_nobody_s_after_its_connection_has_gone() -> None:
    slots = Slots[str]()
    assert [slots.take(name) for name in "abc"] == [0, 1, 2]
    slots.give_back(1)
    with pytest.raises(KeyError):
        slots[1]
    assert (slots.take("d"), slots[1], slots[2]) == (1, "d", "c")


def test_who_is_forgotten_keeps_what_was_known_and_no_other_gets_it() -> None:
    all_, (one, two) = known(2)
    place = one.place
    one.progress.receive(1)
    one.last_frame, one.heard_ns = frame(1), 5
    two.feeder = (Mock(slot=0), Mock(number=1))
    all_.moved(two)
    all_.forget_idle(lambda: {one.place})
    assert all_.get(one.id) is one  # something of it is not stored
    one.columns.row[place] = 0
    all_.forget_idle(set)
    assert all_.get(one.id) is one  # alarms look after it still
    one.columns.row[place] = NONE
    all_.forget_idle(set)
    assert (all_.get(one.id), all_.get(two.id)) == (None, two)
    assert (one.newest, one.heard_ns, one.progress.next_seq) == (1, 5, 2)
    three = all_.keep(UUID(int=3), 3, Progress(UUID(int=3)))
    assert three.place == place
    assert (three.newest, three.heard_ns, three.progress.next_seq) == (0, 0, 1)
    one.heard_ns = 9
    assert three.heard_ns == 0


def test_a_state_is_told_when_something_changed_or_the_lag_moved_and_abroad_now_and_then() -> None:
    all_, recordings = known(6)
    columns = all_.columns
    places = np.array([one.place for one in recordings])
    sent_ns = int(frames.view_frames(frame(1))[0]["device_ns"])
    for one in recordings:
        one.last_frame, one.heard_ns = frame(1), sent_ns + S
    now = 3_600 * S
    assert columns.untold(places, now, waiting=False).tolist() == places.tolist()
    assert columns.untold(places, now + S, waiting=False).tolist() == []
    _, cut, lagging, clocked, weak, hardly = recordings
    cut.feeder = (Mock(slot=0), Mock(number=1))
    all_.moved(cut)
    lagging.heard_ns += S
    columns.offset_ns[clocked.place] = 1_000
    weak.last_frame = frame(1, flags=int(frames.Flag.BATTERY_LOW))
    hardly.heard_ns += S // 4
    told = [one.place for one in (cut, lagging, clocked, weak)]
    assert columns.untold(places, now + 2 * S, waiting=False).tolist() == told
    assert columns.untold(places, now + 2 * S, waiting=True).tolist() == places.tolist()
    hardly.outlet = Mock()
    all_.moved(hardly)
    later = now + 3 * S + REPEAT_NS
    assert columns.untold(places, later, waiting=True).tolist() == [hardly.place]
    assert columns.untold(places, later + S, waiting=True).tolist() == []


def test_lag_is_from_the_last_sample_by_the_sender_s_clock() -> None:
    all_, (one, silent) = known(2)
    sent_ns = int(frames.view_frames(frame(1))[0]["device_ns"])
    one.last_frame, one.heard_ns = frame(1), sent_ns + 1_750_000_000
    assert (one.lag_ms, silent.lag_ms, one.clock_offset_ns) == (1_000, None, None)
    all_.columns.offset_ns[one.place] = 400_000_000
    assert (one.lag_ms, one.clock_offset_ns) == (600, 400_000_000)
    places = np.array([one.place, silent.place])
    assert all_.columns.lag_ms(places).tolist() == [600, 0]
    assert all_.columns.offset_ns[silent.place] == UNMEASURED


class Screen:
    """A viewer that keeps what it gets."""

    def __init__(self, recordings: Recordings) -> None:
        self.slot = recordings.viewers.take(self)
        self.got: list[tuple[int, int]] = []

    def push(self, joined: bytes) -> None:
        view = frames.view_frames(joined)
        assert all(frames.read_head(one) for one in frames.split_frames(joined))
        self.got += zip(view["stream"].tolist(), view["seq"].tolist(), strict=True)

    def show(self, joined: bytes) -> None:
        self.push(joined)

    def feed(self, view: object, one: bytes, *, relayed: bool = False) -> None:
        self.push(one)

    def tell(self, view: object, kind: str, **facts: object) -> None:
        raise AssertionError


@given(
    st.lists(st.lists(st.integers(0, 4), unique=True, max_size=4), min_size=3, max_size=3),
    st.lists(st.booleans(), min_size=3, max_size=3),
    st.lists(st.lists(st.integers(0, 2), min_size=1, unique=True), max_size=8),
    st.integers(0, 7),
)
def test_every_viewer_gets_every_second_of_what_it_watches_in_order_however_many_watch(
    watchers: list[list[int]], live: list[bool], flushes: list[list[int]], spread_at: int
) -> None:
    all_, recordings = known(3)
    screens = [Screen(all_) for _ in range(5)]
    for one, who, lives in zip(recordings, watchers, live, strict=True):
        one.progress.receive(1)
        one.views = [(screens[at], Mock(live=lives or at % 2 == 0)) for at in who]
        all_.moved(one)
    for at, flush in enumerate(flushes):
        of = [recordings[which] for which in flush]
        places = np.array([one.place for one in of])
        seqs = [one.progress.next_seq for one in of]
        arrived = frames.view_frames(b"".join(frame(seq) for seq in seqs))
        all_.receive(places, arrived, at + 1)
        assert [(one.newest, one.heard_ns) for one in of] == [(seq, at + 1) for seq in seqs]
        if at == spread_at:
            all_.spread()
    all_.show()
    for at, screen in enumerate(screens):
        for one, who in zip(recordings, watchers, strict=True):
            mine = [seq for number, seq in screen.got if number == one.number]
            wanted = list(range(2, one.progress.next_seq)) if at in who else []
            assert mine == wanted


def test_whose_viewers_have_left_is_watched_by_nobody() -> None:
    all_, (one,) = known(1)
    screen = Screen(all_)
    one.views = [(screen, Mock(live=True))]
    all_.moved(one)
    columns = all_.columns
    assert (columns.watched[one.place], columns.seat[one.place]) == (True, screen.slot)
    one.views = []
    all_.moved(one)
    assert (columns.watched[one.place], columns.seat[one.place]) == (False, NONE)
