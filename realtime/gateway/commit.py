"""Group commit: everything that arrived in 20-50 ms becomes one journal row, then the acks.

One commit is in flight at a time. While the database is away, full or slow the batch waits and is
tried again with the same number, so a commit whose answer was lost is not stored twice; nothing is
acknowledged meanwhile, and beyond `high_water` frames the senders are no longer read.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

import asyncpg
import numpy as np
import structlog

from realtime.gateway.arrays import array_text
from realtime.gateway.batch import Batch, Row, seal
from realtime.gateway.live import Recording, Recordings
from realtime.gateway.store import UNAVAILABLE
from realtime.gateway.tap import Flush, Taps
from realtime.marks import Places

log = structlog.get_logger()

PAUSE_S: Final = 0.050
"""So long a flush gathers: what a commit costs is shared by more, and that is worth more than the
milliseconds by which they are acknowledged later. Viewers do not wait for it."""
SHORT_S: Final = 0.020
"""So long after a commit that took more than a pause: what came meanwhile has waited."""
RETRY_S: Final = (0.1, 0.2, 0.5, 1.0)
COMMIT_TIMEOUT_S: Final = 10.0

_JOURNAL: Final = (
    "INSERT INTO ctg_journal (gateway, batch, recordings, counts, frames, sorted)"
    " VALUES ($1, $2, $3::text::bigint[],"
    "         coalesce($4::text::int[], array_fill(1, ARRAY[$5::int])), $6, true)"
    " ON CONFLICT (gateway, batch) DO NOTHING"
)
"""No counts: one second of each of so many recordings, as nearly always."""
_GAPS: Final = (
    "INSERT INTO ctg_gap (recording_id, first_seq, last_seq)"
    " VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
)
_ENDS: Final = (
    "UPDATE ctg_recording SET closed_at = clock_timestamp(), last_seq = $2 WHERE id = $1"
    # Its sender goes on at another gateway, against its own word; what is not folded yet, the
    # folder sees.
    " AND NOT EXISTS (SELECT 1 FROM ctg_chunk WHERE recording_id = $1 AND last_seq > $2)"
)
_INVALID: Final = "UPDATE ctg_recording SET invalid_samples = invalid_samples + $2 WHERE id = $1"


@dataclass(slots=True)
class Figures:
    """What the health page and the metrics say about committing."""

    stored: int = 0
    commits: int = 0
    failures: int = 0
    commit_s: deque[float] = field(default_factory=lambda: deque(maxlen=1_000))
    flush_frames: deque[int] = field(default_factory=lambda: deque(maxlen=1_000))


class Committer:
    """Collects, commits, then tells the feeders how far they are durable."""

    def __init__(
        self,
        url: str,
        recordings: Recordings,
        *,
        high_water: int = 200_000,
        taps: Taps | None = None,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._url = url
        self._recordings = recordings
        self.gather: Callable[[], None] = lambda: None
        """Called before a flush: whatever has come is to be added."""
        self.tell_durable: Callable[[Places], None] = lambda _places: None
        """Called after a flush: these are durable further than before."""
        self.tell_pressure: Callable[[bool], None] = lambda _pressed: None
        """Called when too much waits for the database, and when no longer."""
        self._taps = taps or Taps()
        self._clock_ns = clock_ns
        self._gateway = uuid4()
        self._number = 0
        self._batch = Batch()
        self._flying = Batch()
        self._flying_since: float | None = None
        self.high_water = high_water
        self.pressed = False
        self._wake = asyncio.Event()
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self.healthy = False
        self.stopping = False
        self.figures = Figures()

    def add(self, places: Places, joined: bytes) -> None:
        """Take frames, and whose each is, for the next flush."""
        self._batch.add(places, joined)
        if self.waiting > self.high_water and not self.pressed:
            self._press(True)
        self._wake.set()

    def add_gap(self, recording: Recording, holes: tuple[tuple[int, int], ...]) -> None:
        """Take declared gaps for the next flush."""
        self._batch.gaps.extend((recording.id, first, last) for first, last in holes)
        self._batch.touched.add(recording.place)
        self._wake.set()

    def add_end(self, recording: Recording, last_seq: int, then: Callable[[], None]) -> None:
        """Take the end of a recording for the next flush."""
        self._batch.ends.append((recording.id, last_seq))
        self._batch.touched.add(recording.place)
        self._batch.after.append(then)
        self._wake.set()

    @property
    def waiting(self) -> int:
        """Frames and declared gaps not yet durable."""
        return self._batch.size + self._flying.size

    @property
    def stuck_s(self) -> float:
        """Seconds that the flush under way has been trying."""
        return time.monotonic() - self._flying_since if self._flying_since is not None else 0.0

    def waiting_of(self, recordings: Collection[Recording]) -> dict[Recording, list[bytes]]:
        """Frames of these recordings that have arrived and are not yet durable, in order."""
        flying, waiting = self._flying.of(recordings), self._batch.of(recordings)
        return {recording: [*flying[recording], *waiting[recording]] for recording in recordings}

    def unstored(self) -> set[int]:
        """Places of recordings with something that is not yet durable."""
        return self._flying.owners | self._batch.owners

    def _press(self, pressed: bool) -> None:
        self.pressed = pressed
        log.warning("gateway.pressure", pressed=pressed, waiting=self.waiting)
        self.tell_pressure(pressed)

    async def run(self) -> None:
        """Flush until `stopping` is set and everything is durable."""
        pause_s = PAUSE_S
        while not (self.stopping and not self._batch):
            await self._wake.wait()
            if not self.stopping:
                await asyncio.sleep(pause_s)
            self._wake.clear()
            self.gather()
            if not self._batch:
                continue
            self._flying, self._batch = self._batch, Batch()
            self._number += 1
            begun = time.monotonic()
            await self._flush(self._flying)
            pause_s = PAUSE_S if time.monotonic() - begun < PAUSE_S else SHORT_S

    def wake(self) -> None:
        """Something will be there when the next flush gathers."""
        self._wake.set()

    def stop(self) -> None:
        """Ask `run` to end after a last flush."""
        self.stopping = True
        self._wake.set()

    async def _flush(self, batch: Batch) -> None:
        row = seal(batch, self._recordings)
        if self._taps and batch.frames:
            self._taps.flushed(Flush(row.view, row.places, row.counts, self._clock_ns()))
        self._flying_since = time.monotonic()
        failures = 0
        while True:
            started = time.perf_counter()
            try:
                await self._commit(batch, row)
                break
            except (*UNAVAILABLE, asyncpg.PostgresError) as error:
                # Away, full, read-only or broken: whatever it is, these frames are not durable.
                await self._disconnect()
                pause = RETRY_S[min(failures, len(RETRY_S) - 1)]
                failures += 1
                self.figures.failures += 1
                log.warning("gateway.commit_failed", error=type(error).__name__, retry_s=pause)
                await asyncio.sleep(pause)
        self._flying_since = None
        self.healthy = True
        figures = self.figures
        figures.commit_s.append(time.perf_counter() - started)
        figures.flush_frames.append(batch.count)
        figures.commits += 1
        figures.stored += batch.count
        self._committed(batch)

    async def _commit(self, batch: Batch, row: Row) -> None:
        connection = await self._connected()
        size = len(row.numbers)
        numbers = array_text(row.numbers.tolist())
        counts = array_text(row.counts.tolist()) if len(row.view) > size else None
        arguments = (self._gateway, self._number, numbers, counts, size, row.view.tobytes())
        if not (batch.gaps or batch.ends or row.invalid):
            if batch.frames:
                await connection.execute(_JOURNAL, *arguments)
            return
        async with connection.transaction():
            fresh = True
            if batch.frames:
                fresh = await connection.execute(_JOURNAL, *arguments) != "INSERT 0 0"
            if row.invalid and fresh:
                await connection.executemany(_INVALID, row.invalid)
            if batch.gaps:
                await connection.executemany(_GAPS, batch.gaps)
            if batch.ends:
                await connection.executemany(_ENDS, batch.ends)

    async def _connected(self) -> Any:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(
                self._url,
                timeout=5,
                command_timeout=COMMIT_TIMEOUT_S,
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
        self._flying = Batch()
        places, ends = batch.settled
        durable = self._recordings.columns.durable
        durable[places] = np.maximum(durable[places], ends)
        self.tell_durable(places)
        for then in batch.after:
            then()
        if self.pressed and self.waiting < self.high_water // 2:
            self._press(False)

    async def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            await self._connection.close(timeout=2)
            self._connection = None
