"""Recordings that are watched here but come in by another gateway.

PostgreSQL is the truth between gateways: once a second this one looks at the newest flushes of the
others and feeds its viewers from them. One query serves all recordings; with a single gateway, or
when every watched recording comes in here, there is none.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog

from realtime import frames
from realtime.gateway.live import Recording, Recordings
from realtime.gateway.store import UNAVAILABLE, Store

log = structlog.get_logger()

PERIOD_S: Final = 1.0
SILENT_NS: Final = 5_000_000_000
OVERLAP: Final = 500
"""Flushes of different gateways may commit in another order than they are numbered."""


class Elsewhere:
    """Follows the journal for viewers of other gateways' recordings."""

    def __init__(
        self,
        store: Store,
        recordings: Recordings,
        *,
        period_s: float = PERIOD_S,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._store = store
        self._recordings = recordings
        self._period_s = period_s
        self._clock_ns = clock_ns
        self._newest = 0

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            await asyncio.sleep(self._period_s)
            try:
                await self.look()
            except UNAVAILABLE as error:
                log.warning("gateway.follow_failed", error=type(error).__name__)

    async def look(self) -> None:
        """Feed what has been stored since the last look."""
        wanted = {
            recording.no: recording
            for recording in self._recordings
            if recording.views and recording.feeder is None
        }
        if not wanted:
            self._newest = 0
            return
        newest, found = await self._store.newest_frames(list(wanted), self._newest - OVERLAP)
        self._newest = max(self._newest, newest)
        for no, arrived in found.items():
            await self._feed(wanted[no], arrived)
        silent_ns = self._clock_ns() - SILENT_NS
        for recording in wanted.values():
            recording.elsewhere = recording.feeder is None and recording.heard_ns > silent_ns

    async def _feed(self, recording: Recording, arrived: list[bytes]) -> None:
        known = recording.progress.received
        fresh = {frames.seq_of(frame): frame for frame in arrived}
        fresh = {seq: frame for seq, frame in fresh.items() if seq not in known}
        if not fresh:
            return
        first = known.highest + 1
        if first < min(fresh):
            # What lies between may have left the journal already.
            stored = await self._store.read_frames(recording.id, first, max(fresh))
            fresh.update({frames.seq_of(frame): frame for frame in stored})
        if recording.feeder is not None:
            return  # its sender has come here while we asked
        now_ns = self._clock_ns()
        for seq in sorted(fresh):
            if seq not in known:
                recording.relay(seq, fresh[seq], now_ns)
        recording.durable = recording.progress.next_seq - 1
