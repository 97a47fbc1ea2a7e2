"""Recordings that are watched here but come in by another gateway.

PostgreSQL is the truth between gateways. Frames usually arrive as hints over Valkey (`hints`); once
a second this looks after every recording that hints are missing for, or that has a hole, and feeds
its viewers from the newest flushes of the others. With a single gateway, or while hints flow
without a hole, there is no query at all.
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
from realtime.resume import SeqRanges

log = structlog.get_logger()

PERIOD_S: Final = 1.0
SILENT_S: Final = 5.0
FRESH_S: Final = 2.5
"""A hint so recent says that hints flow."""
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
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._recordings = recordings
        self._period_s = period_s
        self._clock_ns = clock_ns
        self._clock = clock
        self._newest = 0
        self.looks = 0

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            await asyncio.sleep(self._period_s)
            try:
                await self.look()
            except UNAVAILABLE as error:
                log.warning("gateway.follow_failed", error=type(error).__name__)

    async def look(self) -> None:
        """Feed what has been stored since the last look, where hints do not."""
        now_s = self._clock()
        wanted = self._recordings.wanted()
        due = {r.no: r for r in wanted if r.hinted_s < now_s - FRESH_S or r.holes}
        if due:
            self.looks += 1
            after = self._newest - OVERLAP
            newest, found = await self._store.newest_frames(list(due), after)
            self._newest = max(self._newest, newest)
            # What has left the journal; asked after the journal, so that nothing slips through.
            folded = await self._store.folded_up_to([recording.id for recording in due.values()])
            for no, recording in due.items():
                if folded.get(no, 0) > recording.highest:
                    first, last = recording.highest + 1, folded[no]
                    self._feed(recording, await self._store.read_frames(recording.id, first, last))
                self._feed(recording, found.get(no, []))
        await self._fill([recording for recording in wanted if recording.holes])
        for recording in wanted:
            recording.elsewhere = recording.told_s > now_s - SILENT_S

    def _feed(self, recording: Recording, stored: list[bytes]) -> None:
        if recording.feeder is not None:
            return  # its sender has come here while we asked
        now_ns, now_s = self._clock_ns(), self._clock()
        for frame in sorted(stored, key=frames.seq_of):
            recording.relay(frames.seq_of(frame), frame, now_ns, now_s)
        recording.durable = recording.progress.next_seq - 1

    async def _fill(self, holed: list[Recording]) -> None:
        """Look for the seconds that hints and newest flushes have passed over."""
        if not holed:
            return
        known = await self._store.known([recording.id for recording in holed])
        for recording in holed:
            durable = known[recording.id]
            for first, last in durable.lost:
                for hole in recording.progress.declare_lost(first, last):
                    recording.tell_here("gap", **{"from": hole[0], "to": hole[1]})
            stored = SeqRanges(durable.received)
            for first, last in recording.holes:
                if stored.missing(first, last) != [(first, last)]:
                    found = await self._store.read_frames(recording.id, first, last)
                    self._feed(recording, found)
