"""Group commit: everything that arrived in 20-50 ms becomes one journal row, then the acks.

One commit is in flight at a time. While the database is away the batch waits and is tried again
with the same number, so a commit whose answer was lost is not stored twice; nothing is
acknowledged meanwhile, and beyond `high_water` frames the senders are no longer read.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
import numpy as np
import structlog

from realtime import frames
from realtime.gateway.live import Recording
from realtime.gateway.store import UNAVAILABLE
from realtime.gateway.tap import Flush, Taps

log = structlog.get_logger()

FAST_S: Final = 0.020
SLOW_S: Final = 0.050
BUSY_FRAMES: Final = 128
"""A flush this large makes the next one fast."""
RETRY_S: Final = (0.1, 0.2, 0.5, 1.0)

_JOURNAL: Final = (
    "INSERT INTO ctg_journal (gateway, batch, recordings, counts, frames)"
    " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (gateway, batch) DO NOTHING"
)
_GAPS: Final = (
    "INSERT INTO ctg_gap (recording_id, first_seq, last_seq)"
    " VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
)
_ENDS: Final = "UPDATE ctg_recording SET closed_at = clock_timestamp(), last_seq = $2 WHERE id = $1"
_INVALID: Final = "UPDATE ctg_recording SET invalid_samples = invalid_samples + $2 WHERE id = $1"


@dataclass(slots=True)
class Batch:
    """What one flush makes durable."""

    groups: dict[Recording, list[bytes]] = field(default_factory=dict)
    gaps: list[tuple[UUID, int, int]] = field(default_factory=list)
    ends: list[tuple[UUID, int]] = field(default_factory=list)
    touched: dict[Recording, int] = field(default_factory=dict)
    """How far each recording is settled once this batch is durable; filled when it is sealed."""
    after: list[Callable[[], None]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.groups or self.gaps or self.ends or self.after)


class Committer:
    """Collects, commits, then tells the feeders how far they are durable."""

    def __init__(
        self,
        url: str,
        *,
        high_water: int = 200_000,
        on_pressure: Callable[[bool], None] = lambda _pressed: None,
        taps: Taps | None = None,
    ) -> None:
        self._url = url
        self._taps = taps or Taps()
        self._gateway = uuid4()
        self._number = 0
        self._batch = Batch()
        self._waiting = 0
        self._in_flight = 0
        self.high_water = high_water
        self._on_pressure = on_pressure
        self.pressed = False
        self._wake = asyncio.Event()
        self._last_size = 0
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self.healthy = False
        self.stopping = False
        self.stored = 0
        self.commit_s: deque[float] = deque(maxlen=1_000)
        """Durations of the latest commits, for the health page."""

    def add(self, recording: Recording, frame: bytes) -> None:
        """Take one frame for the next flush."""
        group = self._batch.groups.get(recording)
        if group is None:
            group = self._batch.groups[recording] = []
        group.append(frame)
        self._waiting += 1
        if self._waiting + self._in_flight > self.high_water and not self.pressed:
            self._press(True)
        self._wake.set()

    def add_gap(self, recording: Recording, holes: tuple[tuple[int, int], ...]) -> None:
        """Take declared gaps for the next flush."""
        self._batch.gaps.extend((recording.id, first, last) for first, last in holes)
        self._batch.touched[recording] = 0
        self._wake.set()

    def add_end(self, recording: Recording, last_seq: int, then: Callable[[], None]) -> None:
        """Take the end of a recording for the next flush."""
        self._batch.ends.append((recording.id, last_seq))
        self._batch.touched[recording] = 0
        self._batch.after.append(then)
        self._wake.set()

    @property
    def waiting(self) -> int:
        """Frames not yet durable."""
        return self._waiting + self._in_flight

    def _press(self, pressed: bool) -> None:
        self.pressed = pressed
        log.warning("gateway.pressure", pressed=pressed, waiting=self.waiting)
        self._on_pressure(pressed)

    async def run(self) -> None:
        """Flush until `stopping` is set and everything is durable."""
        while not (self.stopping and not self._batch):
            await self._wake.wait()
            if not self._batch:
                self._wake.clear()
                continue
            if not self.stopping:
                await asyncio.sleep(FAST_S if self._last_size >= BUSY_FRAMES else SLOW_S)
            self._wake.clear()
            await self._flush(self._seal())

    def stop(self) -> None:
        """Ask `run` to end after a last flush."""
        self.stopping = True
        self._wake.set()

    def _seal(self) -> Batch:
        batch, self._batch = self._batch, Batch()
        self._in_flight, self._waiting = self._waiting, 0
        self._last_size = self._in_flight
        self._number += 1
        for recording in (*batch.groups, *batch.touched):
            batch.touched[recording] = recording.progress.next_seq - 1
        return batch

    async def _flush(self, batch: Batch) -> None:
        row = self._row(batch)
        if self._taps and row[2]:
            counts = np.array(row[1], dtype=np.int64)
            seen = Flush(frames.view_frames(row[2]), list(batch.groups), counts, time.time_ns())
            self._taps.flushed(seen)
        failures = 0
        while True:
            started = time.perf_counter()
            try:
                await self._commit(batch, row)
                break
            except UNAVAILABLE as error:
                await self._disconnect()
                pause = RETRY_S[min(failures, len(RETRY_S) - 1)]
                failures += 1
                log.warning("gateway.commit_failed", error=type(error).__name__, retry_s=pause)
                await asyncio.sleep(pause)
        self.healthy = True
        self.commit_s.append(time.perf_counter() - started)
        self._committed(batch)

    @staticmethod
    def _row(batch: Batch) -> tuple[list[int], list[int], bytes, list[tuple[UUID, int]]]:
        """The journal row's arrays and the number of invalid values per recording."""
        numbers = [recording.no for recording in batch.groups]
        counts = [len(group) for group in batch.groups.values()]
        joined = b"".join(frame for group in batch.groups.values() for frame in group)
        invalid: list[tuple[UUID, int]] = []
        if joined:
            per_frame = frames.count_invalid(joined)
            if per_frame.any():
                at = 0
                for recording, count in zip(batch.groups, counts, strict=True):
                    if bad := int(per_frame[at : at + count].sum()):
                        invalid.append((recording.id, bad))
                    at += count
        return numbers, counts, joined, invalid

    async def _commit(
        self, batch: Batch, row: tuple[list[int], list[int], bytes, list[tuple[UUID, int]]]
    ) -> None:
        numbers, counts, joined, invalid = row
        connection = await self._connected()
        arguments = (self._gateway, self._number, numbers, counts, joined)
        if not (batch.gaps or batch.ends or invalid):
            if joined:
                await connection.execute(_JOURNAL, *arguments)
            return
        async with connection.transaction():
            fresh = True
            if joined:
                fresh = await connection.execute(_JOURNAL, *arguments) != "INSERT 0 0"
            if invalid and fresh:
                await connection.executemany(_INVALID, invalid)
            if batch.gaps:
                await connection.executemany(_GAPS, batch.gaps)
            if batch.ends:
                await connection.executemany(_ENDS, batch.ends)

    async def _connected(self) -> Any:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(
                self._url,
                timeout=5,
                command_timeout=10,
                server_settings={
                    "application_name": "yunshang gateway journal",
                    "synchronous_commit": "on",
                },
            )
        return self._connection

    async def _disconnect(self) -> None:
        self.healthy = False
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    def _committed(self, batch: Batch) -> None:
        self.stored += self._in_flight
        self._in_flight = 0
        for recording, group in batch.groups.items():
            del recording.uncommitted[: len(group)]
        for recording, seq in batch.touched.items():
            recording.durable = max(recording.durable, seq)
            if recording.feeder is not None:
                feeder, stream = recording.feeder
                feeder.durable(stream, seq)
        for then in batch.after:
            then()
        if self.pressed and self.waiting < self.high_water // 2:
            self._press(False)

    async def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            await self._connection.close(timeout=2)
            self._connection = None
