"""Asking again for what was lost, until it comes or is no use any more.

A browser sends a negative acknowledgement again and again; aiortc once, which turns a loss of ten
per cent into two thirds of the time frozen. Here every hole is asked for every `max(60 ms,
1.5 x round trip)`, at most ten times in one second. What is then missing, or a pause of more than
0.6 s, needs a new picture: the sender is asked for a key frame, at most every 0.3 s.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from consult.media.forward.wrap import SEQ, Unwrapper

AGAIN_S: Final = 0.060
ROUND_TRIPS: Final = 1.5
TRIES: Final = 10
GIVE_UP_S: Final = 1.0
PAUSE_S: Final = 0.6
THROTTLE_S: Final = 0.3
MOST: Final = 512
"""More holes than this at once are not repaired but painted over by a key frame."""


@dataclass(slots=True)
class _Hole:
    since: float
    next_at: float
    tries: int = 0


class Repair:
    """The holes of one incoming stream. Times are seconds of a steady clock."""

    __slots__ = ("_highest", "_holes", "_last_at", "_unwrap", "needs_keyframe")

    def __init__(self) -> None:
        self._unwrap = Unwrapper(SEQ)
        self._highest: int | None = None
        self._holes: dict[int, _Hole] = {}
        self._last_at = 0.0
        self.needs_keyframe = False
        """Something is lost for good; the caller asks for a picture and sets this back."""

    @property
    def holes(self) -> int:
        """How many packets are missed now."""
        return len(self._holes)

    def arrived(self, seq: int, at: float) -> bool:
        """A packet came; False if it is one that nobody waits for (a duplicate)."""
        place = self._unwrap(seq)
        if self._highest is None:
            self._highest, self._last_at = place, at
            return True
        if place <= self._highest:
            return self._holes.pop(place, None) is not None
        if at - self._last_at > PAUSE_S or place - self._highest > MOST:
            self._holes.clear()
            self.needs_keyframe = True
        else:
            for missing in range(self._highest + 1, place):
                self._holes[missing] = _Hole(at, at)
        self._highest, self._last_at = place, at
        return True

    def due(self, at: float, round_trip_s: float) -> list[int]:
        """Sequence numbers to ask for now, oldest first; call often (every packet, every 20 ms)."""
        if not self._holes:
            return []
        if len(self._holes) > MOST:
            self._holes.clear()
            self.needs_keyframe = True
            return []
        again = max(AGAIN_S, ROUND_TRIPS * round_trip_s)
        asked = []
        for place, hole in list(self._holes.items()):
            if hole.tries >= TRIES or at - hole.since > GIVE_UP_S:
                if at >= hole.next_at:
                    del self._holes[place]
                    self.needs_keyframe = True
            elif at >= hole.next_at:
                hole.tries += 1
                hole.next_at = at + again
                asked.append(place % SEQ)
        return asked

    def forget(self) -> None:
        """Repair nothing of what is missed: a key frame is on its way."""
        self._holes.clear()


class Throttle:
    """Lets one call through every `period_s`; one that was held back is not forgotten."""

    __slots__ = ("_next_at", "_period_s", "_wanted")

    def __init__(self, period_s: float = THROTTLE_S) -> None:
        self._period_s = period_s
        self._next_at = 0.0
        self._wanted = False

    def ask(self) -> None:
        """Somebody wants it."""
        self._wanted = True

    def due(self, at: float) -> bool:
        """Whether to do it now, for everybody who wanted it."""
        if not self._wanted or at < self._next_at:
            return False
        self._wanted = False
        self._next_at = at + self._period_s
        return True


def pairs(lost: list[int]) -> Iterator[tuple[int, int]]:
    """Sequence numbers as (first, bitmask of the 16 after it): RFC 4585, 6.2.1."""
    rest = list(lost)
    while rest:
        first = rest.pop(0)
        mask = 0
        while rest and 0 < (step := (rest[0] - first) % SEQ) <= 16:
            mask |= 1 << (step - 1)
            rest.pop(0)
        yield first, mask
