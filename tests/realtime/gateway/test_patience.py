"""Which acknowledgements wait, and until when: compared with one look at a time at each sender."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.gateway.columns import Columns
from realtime.gateway.patience import UNSAID_MOST, Patience


@dataclass
class Desk:
    """Streams of senders, and what would be said to them."""

    columns: Columns = field(default_factory=Columns)
    patience: Patience = field(default_factory=Patience)

    def stream(self, sender: int, patience_ms: int = 0) -> int:
        """A new stream of this sender."""
        place = self.columns.take()
        self.columns.feeder[place] = sender
        self.columns.patience_ms[place] = patience_ms
        return place

    def store(self, places: list[int], now_s: float, seconds: int = 1) -> list[int]:
        """So many seconds more are durable: which are acknowledged now."""
        at = np.array(places, np.intp)
        self.columns.durable[at] += seconds
        return self._told(self.patience.due(self.columns, at, now_s))

    def ripe(self, now_s: float) -> list[int]:
        """What has waited long enough."""
        return self._told(self.patience.ripe(self.columns, now_s))

    def _told(self, places: np.ndarray) -> list[int]:
        self.columns.acked[places] = self.columns.durable[places]
        return sorted(places.tolist())


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_sender_that_allows_nothing_is_told_at_once(desk: Desk) -> None:
    one, other = desk.stream(0), desk.stream(7)
    assert desk.store([one, other], 1.0) == [one, other]
    assert desk.store([one], 1.0) == [one]


def test_an_acknowledgement_waits_after_the_latest_one_and_no_longer(desk: Desk) -> None:
    stream = desk.stream(3, patience_ms=500)
    assert desk.store([stream], 1.0) == [stream]
    assert desk.store([stream], 1.2) == []
    assert desk.ripe(1.49) == []
    assert desk.ripe(1.5) == [stream]
    assert desk.ripe(9.0) == []
    assert desk.store([stream], 9.0) == [stream]


def test_one_that_is_due_takes_along_those_of_its_sender_that_may_wait(desk: Desk) -> None:
    hasty, patient, stranger = desk.stream(1), desk.stream(1, 2_000), desk.stream(2, 2_000)
    assert desk.store([hasty, patient, stranger], 0.0) == [hasty, patient, stranger]
    assert desk.store([patient, stranger], 0.1) == []
    assert desk.store([hasty, stranger], 0.2) == [hasty, patient]
    assert desk.ripe(2.0) == [stranger]


def test_who_catches_up_is_not_kept_waiting(desk: Desk) -> None:
    stream = desk.stream(0, patience_ms=2_000)
    assert desk.store([stream], 0.0) == [stream]
    assert desk.store([stream], 0.1, UNSAID_MOST - 1) == []
    assert desk.store([stream], 0.2) == [stream]


def test_what_nobody_feeds_is_told_to_nobody(desk: Desk) -> None:
    stream = desk.stream(-1, patience_ms=500)
    assert desk.store([stream], 0.0) == []
    assert desk.ripe(5.0) == []


def test_a_number_given_to_another_sender_has_no_past(desk: Desk) -> None:
    stream = desk.stream(200, patience_ms=2_000)
    assert desk.store([stream], 0.0) == [stream]
    desk.patience.forget(200)
    assert desk.store([stream], 0.1) == [stream]
    desk.patience.forget(100_000)


@given(st.data())
def test_as_one_sender_after_the_other(data: st.DataObject) -> None:
    desk = Desk()
    kinds = st.tuples(st.integers(0, 3), st.sampled_from([0, 300, 1_000, 2_000]))
    streams = [
        (desk.stream(sender, patience_ms), sender, patience_ms)
        for sender, patience_ms in data.draw(st.lists(kinds, min_size=1, max_size=8))
    ]
    said: dict[int, float] = {}
    until: dict[int, float] = {}
    unsaid = {place: 0 for place, _, _ in streams}
    now_s = 0.0
    for _ in range(data.draw(st.integers(1, 12))):
        now_s += data.draw(st.sampled_from([0.0, 0.25, 0.5, 1.5]))
        stored = data.draw(st.sets(st.sampled_from(streams)))
        seconds = data.draw(st.sampled_from([1, 1, UNSAID_MOST]))
        for place, sender, patience_ms in stored:
            unsaid[place] += seconds
            wait_s = 0 if unsaid[place] >= UNSAID_MOST else patience_ms / 1000
            until[sender] = min(until.get(sender, math.inf), said.get(sender, -math.inf) + wait_s)
        ripe = {sender for sender, at_s in until.items() if at_s <= now_s}
        wanted = sorted(place for place, sender, _ in streams if sender in ripe and unsaid[place])
        for sender in ripe:
            said[sender] = now_s
            del until[sender]
        unsaid.update(dict.fromkeys(wanted, 0))
        told = desk.store([place for place, _, _ in stored], now_s, seconds)
        assert sorted({*told, *desk.ripe(now_s)}) == wanted
