"""How much may be sent now, under a cap on the centre's line. Pure."""

from __future__ import annotations

from typing import Final

from realtime import frames

MESSAGE_BYTES: Final = 85
"""What the heads of WebSocket, TLS, TCP and IP take around one message."""
LIVE_KBIT: Final = (frames.FRAME_BYTES + MESSAGE_BYTES) * 8 / 1_000
"""What one monitor's second takes when it goes by itself, as new ones do."""


class Pace:
    """A bucket that fills with time; one second's worth at most waits in it.

    Args:
        kbit_per_s: the cap; 0 for none.
    """

    def __init__(self, kbit_per_s: int) -> None:
        self._per_s = kbit_per_s * 1_000 / 8
        self._room = self._per_s
        self._at_s: float | None = None

    def room(self, now_s: float) -> int:
        """So many frames may go now, in one message."""
        if self._per_s == 0:
            return frames.MAX_BUNDLE_FRAMES
        if self._at_s is not None:
            self._room = min(self._per_s, self._room + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        return max(0, int((self._room - MESSAGE_BYTES) // frames.FRAME_BYTES))

    def took(self, count: int) -> None:
        """So many have gone, in one message."""
        self._room -= count * frames.FRAME_BYTES + MESSAGE_BYTES
