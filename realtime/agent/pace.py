"""How much may be sent now, under a cap on the centre's line. Pure."""

from __future__ import annotations

from typing import Final

from realtime import frames

WIRE_BYTES: Final = 100
"""A frame's share of the line: 80 bytes and its part of the heads around it."""


class Pace:
    """A bucket that fills with time; one second's worth at most waits in it.

    Args:
        kbit_per_s: the cap; 0 for none.
    """

    def __init__(self, kbit_per_s: int) -> None:
        self._per_s = kbit_per_s * 1_000 / 8 / WIRE_BYTES
        self._room = self._per_s
        self._at_s: float | None = None

    def room(self, now_s: float) -> int:
        """So many frames may go now."""
        if self._per_s == 0:
            return frames.MAX_BUNDLE_FRAMES
        if self._at_s is not None:
            self._room = min(self._per_s, self._room + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        return int(self._room)

    def took(self, count: int) -> None:
        """So many have gone."""
        self._room -= count
