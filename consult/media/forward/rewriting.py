"""One unbroken stream out of several: what a subscriber is sent when layers change under it.

A decoder wants sequence numbers without holes, timestamps that go on, and picture ids that count.
Two layers of one camera share none of these. At a switch each number gets a new distance, such
that the first packet of the new layer follows the last one sent; within a layer every number
keeps its distance, so that what was lost stays a hole that can be asked for again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from consult.media.forward.packets import Packet, with_ids
from consult.media.forward.wrap import NARROW, PICTURE, SEQ, TIME, TL0, apart

LATE: Final = 512
"""Packets of the present layer that are older than its begin by less than so many are late."""


@dataclass(slots=True)
class Sent:
    """A packet as it leaves: our numbers, its own payload."""

    marker: bool
    seq: int
    timestamp: int
    payload: bytes


@dataclass(slots=True)
class _Head:
    """The newest that was sent."""

    seq: int
    timestamp: int
    at: float
    picture: int
    tl0: int


class Rewriter:
    """Numbers of one stream to one subscriber.

    Args:
        clock_rate: ticks of the timestamps per second.
        first_seq: the first sequence number; low, or encryption breaks at the first wrap.
    """

    __slots__ = ("_begins", "_clock_rate", "_head", "_input", "_picture", "_seq", "_time",
                 "_tl0", "skipped")  # fmt: skip

    def __init__(self, clock_rate: int, first_seq: int) -> None:
        self._clock_rate = clock_rate
        self._input: object | None = None
        self._begins = 0
        self._seq = self._time = self._picture = self._tl0 = 0
        self._head = _Head((first_seq - 1) % SEQ, 0, 0.0, 0, 0)
        self.skipped = 0
        """Sequence numbers never sent, because they never arrived here."""

    @property
    def offset(self) -> int:
        """What is added to the input's timestamps."""
        return self._time

    def switch(self, source: object, packet: Packet, at: float, offset: int | None = None) -> None:
        """From now on `source` is sent, beginning with `packet`.

        Args:
            source: any name of the input.
            packet: the first one, of a key frame where there are frames.
            at: seconds of a steady clock.
            offset: what to add to its timestamps, where sender reports told it; else the time
                that passed since the last packet decides.
        """
        head = self._head
        first = self._input is None
        self._input = source
        self._begins = packet.seq
        self._seq = (head.seq + 1 - packet.seq) % SEQ
        if first:
            self._time = 0
        else:
            passed = max(1, round((at - head.at) * self._clock_rate))
            wanted = (head.timestamp + passed) % TIME
            told = None if offset is None else (packet.timestamp + offset) % TIME
            # A report that would turn time back, or jump, is not believed.
            if told is not None and 0 < apart(told, head.timestamp, TIME) < self._clock_rate * 10:
                wanted = told
            self._time = (wanted - packet.timestamp) % TIME
        if not first:
            ids = packet.head
            self._picture = (head.picture + 1 - (ids.picture_id or 0)) % PICTURE
            self._tl0 = (head.tl0 + 1 - (ids.tl0 or 0)) % TL0

    def write(self, packet: Packet, at: float) -> Sent | None:
        """The packet as it leaves; None for one that was before the switch."""
        since = apart(packet.seq, self._begins, SEQ)
        if -LATE < since < 0:
            return None
        if since >= LATE:
            self._begins = (packet.seq - LATE // 2) % SEQ
        seq = (packet.seq + self._seq) % SEQ
        timestamp = (packet.timestamp + self._time) % TIME
        payload, picture, tl0 = packet.payload, None, None
        ids = packet.head
        if ids.picture_id is not None:
            picture = (ids.picture_id + self._picture) % (PICTURE if ids.wide else NARROW)
        if ids.tl0 is not None:
            tl0 = (ids.tl0 + self._tl0) % TL0
        if (self._picture and picture is not None) or (self._tl0 and tl0 is not None):
            payload = with_ids(payload, ids, picture, tl0)
        self._keep(seq, timestamp, picture, tl0, at)
        return Sent(packet.marker, seq, timestamp, payload)

    def _keep(
        self, seq: int, timestamp: int, picture: int | None, tl0: int | None, at: float
    ) -> None:
        head = self._head
        step = apart(seq, head.seq, SEQ)
        if step <= 0:
            self.skipped -= 1
            return
        self.skipped += step - 1
        head.seq, head.timestamp, head.at = seq, timestamp, at
        if picture is not None:
            head.picture = picture
        if tl0 is not None:
            head.tl0 = tl0
