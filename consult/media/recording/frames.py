"""Frames from packets, in order: VP8 (RFC 7741) and Opus, alone or in RED (RFC 2198). Pure.

A gap stays a gap. After a picture that did not come whole the next one kept is a key frame, so
that nothing is shown that the sender did not see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from consult.media.forward.packets import Packet
from consult.media.forward.wrap import SEQ, TIME, Unwrapper

PATIENCE_S: Final = 1.2
"""So long a missing packet is waited for; asking again for it ends after one second."""
LATE_TICKS: Final = 48 * 60
"""Sound waits 60 ms for what RED repeats of a lost packet."""
MOST_WAITING: Final = 2048


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture, or 20 ms of sound."""

    timestamp: int
    """The sender's, of 32 bits."""
    payload: bytes
    keyframe: bool
    size: tuple[int, int] | None = None
    """Width and height in pixels, of a key frame."""


class PictureFrames:
    """Whole VP8 frames of one stream. `at` is seconds of a steady clock."""

    def __init__(self) -> None:
        self._unwrap = Unwrapper(SEQ)
        self._waiting: dict[int, Packet] = {}
        self._next: int | None = None
        self._hole_at: float | None = None
        self._parts: list[bytes] | None = None
        self.needs_keyframe = True
        """Nothing is kept until one comes; whoever can asks the sender for it."""

    def take(self, packet: Packet, at: float) -> list[Frame]:
        """The frames that this packet completes."""
        place = self._unwrap(packet.seq)
        if self._next is None:
            if not packet.head.keyframe:
                return []
            self._next = place
        if place < self._next:
            return []
        self._waiting[place] = packet
        found = self._ready()
        if not self._waiting:
            self._hole_at = None
            return found
        if self._hole_at is None:
            self._hole_at = at
        if at - self._hole_at > PATIENCE_S or len(self._waiting) > MOST_WAITING:
            self._skip()
            found += self._ready()
        return found

    def _ready(self) -> list[Frame]:
        found = []
        while self._next is not None and (packet := self._waiting.pop(self._next, None)):
            self._next += 1
            self._hole_at = None
            frame = self._put(packet)
            if frame is not None:
                found.append(frame)
        return found

    def _put(self, packet: Packet) -> Frame | None:
        if not packet.payload:
            return None  # padding, to try the line
        size, begins = vp8_descriptor(packet.payload)
        if begins:
            self._parts = []
        if self._parts is None:
            return None
        self._parts.append(packet.payload[size:])
        if not packet.marker:
            return None
        payload, self._parts = b"".join(self._parts), None
        frame = _picture(packet.timestamp, payload)
        if frame is None or (self.needs_keyframe and not frame.keyframe):
            return None
        self.needs_keyframe = False
        return frame

    def _skip(self) -> None:
        """What is missing does not come: go on at the next key frame."""
        self._parts, self._hole_at, self.needs_keyframe = None, None, True
        keys = [place for place, packet in self._waiting.items() if packet.head.keyframe]
        self._next = min(keys, default=None)
        for place in [place for place in self._waiting if place < (self._next or place + 1)]:
            del self._waiting[place]


class SoundFrames:
    """Opus frames of one stream, each once and in order."""

    def __init__(self) -> None:
        self._unwrap = Unwrapper(TIME)
        self._waiting: dict[int, Frame] = {}
        self._given = -1

    def take(self, packet: Packet) -> list[Frame]:
        """The frames that nothing before them can come for any more."""
        blocks = red_blocks(packet) if packet.codec == "red" else [(0, packet.payload)]
        newest = self._unwrap(packet.timestamp)
        for earlier, payload in blocks:
            place = newest - earlier
            if payload and place > self._given:
                stamp = (packet.timestamp - earlier) % TIME
                self._waiting.setdefault(place, Frame(stamp, payload, keyframe=True))
        return self._before(newest - LATE_TICKS)

    def rest(self) -> list[Frame]:
        """All that waits; nothing more comes."""
        return self._before(max(self._waiting, default=0))

    def _before(self, place: int) -> list[Frame]:
        ready = sorted(one for one in self._waiting if one <= place)
        if ready:
            self._given = ready[-1]
        return [self._waiting.pop(one) for one in ready]


def red_blocks(packet: Packet) -> list[tuple[int, bytes]]:
    """How many ticks earlier, and the payload, of all in a RED packet; none if lengths lie."""
    raw, at = packet.payload, 0
    heads: list[tuple[int, int]] = []
    while at + 4 <= len(raw) and raw[at] & 0x80:
        word = int.from_bytes(raw[at + 1 : at + 4], "big")
        heads.append((word >> 10, word & 0x3FF))
        at += 4
    at += 1
    if at + sum(length for _, length in heads) > len(raw):
        return []
    found = []
    for earlier, length in heads:
        found.append((earlier, raw[at : at + length]))
        at += length
    return [*found, (0, raw[at:])]


def vp8_descriptor(payload: bytes) -> tuple[int, bool]:
    """Bytes before the picture's own, and whether a frame begins here (RFC 7741, 4.2)."""
    first, at = payload[0], 1
    if first & 0x80 and len(payload) > 1:
        bits, at = payload[1], 2
        if bits & 0x80 and len(payload) > at:
            at += 2 if payload[at] & 0x80 else 1
        at += bool(bits & 0x40) + bool(bits & 0x30)
    return at, bool(first & 0x10) and not first & 0x07


def _picture(timestamp: int, payload: bytes) -> Frame | None:
    """Read a frame's own head (RFC 6386, 9.1); None for one that is too short to be any."""
    if len(payload) < 3:
        return None
    if payload[0] & 1:
        return Frame(timestamp, payload, keyframe=False)
    if len(payload) < 10 or payload[3:6] != b"\x9d\x01\x2a":
        return None
    width, height = (int.from_bytes(payload[at : at + 2], "little") & 0x3FFF for at in (6, 8))
    return Frame(timestamp, payload, keyframe=True, size=(width, height))
