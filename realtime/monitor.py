"""The sender's side of one stream: what it has produced and what is not yet acknowledged."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from kernel.ids import new_id
from realtime import frames
from realtime.sources import Source

MAX_BUFFER: Final = 3_600
"""Unacknowledged seconds of one stream; then sending waits."""


@dataclass(slots=True)
class Monitor:
    """One stream and what of it is not yet acknowledged."""

    number: int
    device: str
    source: Source
    bed: str = ""
    recording: UUID = field(default_factory=new_id)
    started_ns: int = 0
    pending: deque[bytes] = field(default_factory=deque)
    sent: dict[int, float] = field(default_factory=dict)
    produced: int = 0
    highest: int = 0
    acked: int = 0
    state: str = "new"
    """new → opening → open → closing → done; back to new when the connection is cut."""
    _frames: Iterator[bytes] | None = None

    def produce(self) -> bytes | None:
        """The next second, also kept until acknowledged; None at the end or when too much waits."""
        if len(self.pending) >= MAX_BUFFER:
            return None
        if self._frames is None:
            self._frames = self.source.frames(self.started_ns)
        frame = next(self._frames, None)
        if frame is None:
            return None
        frame = frames.with_stream(frame, self.number)
        self.pending.append(frame)
        self.produced += 1
        return frame

    @property
    def ended(self) -> bool:
        """Whether the source has nothing more."""
        return self.source.seconds is not None and self.produced >= self.source.seconds

    def settle(self, seq: int) -> None:
        """Everything up to `seq` is durable."""
        while self.pending and frames.seq_of(self.pending[0]) <= seq:
            self.pending.popleft()
        self.acked = max(self.acked, seq)


@dataclass(slots=True)
class Report:
    """What has been sent, and how long the acknowledgements took (milliseconds)."""

    frames_sent: int = 0
    """Different seconds; what had to go again after a cut counts in `frames_resent`."""
    frames_resent: int = 0
    frames_acked: int = 0
    connections: int = 0
    refused: list[str] = field(default_factory=list)
    ack_ms: deque[float] = field(default_factory=lambda: deque(maxlen=200_000))
    clock_offset_ns: int | None = None
    clock_rtt_ns: int | None = None

    def quantile(self, share: float) -> float | None:
        """A quantile of the acknowledgement times."""
        times = sorted(self.ack_ms)
        return round(times[min(len(times) - 1, int(len(times) * share))], 1) if times else None
