"""One source as WebM, the Matroska that browsers play: frames are put in as they came.

A cluster is given out each second and needs nothing after it, so a file that is cut off is readable
up to there. One source is one file: sources come and go, and a Matroska's tracks are said at its
beginning.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

import av

from consult.media.engine import Kind
from consult.media.recording.frames import Frame

CLUSTER_MS: Final = 1000
MILLISECOND: Final = Fraction(1, 1000)
SOUND_RATE: Final = 48_000


class Matroska:
    """Takes frames, gives bytes."""

    def __init__(self, kind: Kind, size: tuple[int, int] | None) -> None:
        """Begin; `size` is the first picture's, in pixels."""
        self._written = bytearray()
        options = {"live": "1", "cluster_time_limit": str(CLUSTER_MS)}
        self._container: Any = av.open(self, "w", format="webm", options=options)
        if kind is Kind.AUDIO:
            self._stream: Any = self._container.add_stream("libopus", rate=SOUND_RATE)
            self._stream.layout = "stereo"
        else:
            width, height = size or (0, 0)
            self._stream = self._container.add_mux_stream("vp8", width=width, height=height)
        self._stream.time_base = MILLISECOND
        self._last_ms = -1

    def put(self, frame: Frame, offset_ms: int) -> None:
        """One frame, `offset_ms` after the file's beginning; never before the one before it."""
        self._last_ms = max(offset_ms, self._last_ms + 1)
        packet = av.Packet(frame.payload)
        packet.stream = self._stream
        packet.time_base = MILLISECOND
        packet.pts = packet.dts = self._last_ms
        packet.is_keyframe = frame.keyframe
        self._container.mux(packet)

    def take(self) -> bytes:
        """The bytes that are ready since the last call."""
        ready = bytes(self._written)
        self._written.clear()
        return ready

    def close(self) -> bytes:
        """End it; the bytes that were not yet taken."""
        self._container.close()
        return self.take()

    def write(self, data: bytes) -> int:
        """For the container: it writes here, and cannot go back."""
        self._written += data
        return len(data)
