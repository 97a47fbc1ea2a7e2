"""One replayed monitor: what it has produced, kept in memory until it is acknowledged."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final
from uuid import UUID

from kernel.ids import new_id
from realtime import frames
from realtime.agent.buffer import Kept
from realtime.agent.uplink import Wish
from realtime.sources import Source

MAX_BUFFER: Final = 3_600
"""Unacknowledged seconds of one monitor; then it waits."""


@dataclass(slots=True)
class Monitor:
    """A source that plays as the monitor `device`, and what of it is not yet acknowledged."""

    device: str
    source: Source
    bed: str = ""
    recording: UUID = field(default_factory=new_id)
    started_ns: int = 0
    pending: deque[bytes] = field(default_factory=deque)
    sent: dict[int, float] = field(default_factory=dict)
    """When each unacknowledged second was sent last, by `time.monotonic`."""
    produced: int = 0
    acked: int = 0
    _frames: Iterator[bytes] | None = None

    def kept(self) -> Kept:
        """The recording as the uplink knows it, when it begins."""
        return Kept(
            self.recording,
            self.device,
            self.bed,
            self.source.channels,
            self.started_ns,
            last_seq=self.produced,
            acked=self.acked,
            ended=self.ended,
        )

    def produce(self) -> bytes | None:
        """The next second, kept until acknowledged; None at the end or when too much waits."""
        if len(self.pending) >= MAX_BUFFER:
            return None
        if self._frames is None:
            self._frames = self.source.frames(self.started_ns)
        frame = next(self._frames, None)
        if frame is not None:
            self.pending.append(frame)
            self.produced += 1
        return frame

    @property
    def ended(self) -> bool:
        """Whether the source has nothing more."""
        return self.source.seconds is not None and self.produced >= self.source.seconds

    def read(self, wish: Wish) -> list[tuple[int, bytes]]:
        """The seconds of a wish that are still here."""
        first = self.produced - len(self.pending) + 1
        skipped = max(0, wish.first - first)
        until = min(wish.last - first + 1, skipped + wish.limit)
        return [(frames.seq_of(one), one) for one in islice(self.pending, skipped, until)]

    def settle(self, seq: int) -> list[float]:
        """Everything up to `seq` is durable; when what was not known to be had been sent."""
        while self.pending and frames.seq_of(self.pending[0]) <= seq:
            self.pending.popleft()
        news = range(self.acked + 1, seq + 1)
        self.acked = max(self.acked, seq)
        return [self.sent.pop(one) for one in news if one in self.sent]


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
