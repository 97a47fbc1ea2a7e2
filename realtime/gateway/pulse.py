"""Every few seconds: signs of life into the database and to viewers, idle memory given back."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Any, Final

import structlog

from realtime.gateway.health import Health
from realtime.gateway.ingest import Ingest
from realtime.gateway.live import Recording
from realtime.gateway.store import UNAVAILABLE

log = structlog.get_logger()

PERIOD_S: Final = 5.0
FIRST_S: Final = 1.2
"""After an opening its first second is here within so long."""
SILENT_NS: Final = 12_000_000_000
"""What was written down so long ago had been silent: others are written more often."""
SLICE: Final = 64
SLICE_S: Final = 0.02
ROWS: Final = 500


class Pulse:
    """Says what is alive."""

    def __init__(
        self,
        ingest: Ingest,
        health: Health,
        *,
        period_s: float = PERIOD_S,
        facts: dict[str, object] | None = None,
    ) -> None:
        self._facts = facts if facts is not None else {}
        self._ingest = ingest
        self._health = health
        self._period_s = period_s
        self._turn = 0

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            await self._tell()
            self._facts.update(self._health.facts())
            try:
                await self.write()
                self._health.database = True
            except UNAVAILABLE as error:
                self._health.database = False
                log.warning("gateway.pulse_failed", error=type(error).__name__)
            await self._rest()

    async def _rest(self) -> None:
        """A period; less when a recording is opened: lists must not call it dead for so long."""
        begun = self._ingest.begun
        with suppress(TimeoutError):
            async with asyncio.timeout(self._period_s):
                await begun.wait()
                # By then its first second is here, and those of others that came with it.
                await asyncio.sleep(FIRST_S)
                begun.clear()

    async def _tell(self) -> None:
        recordings = self._ingest.recordings
        viewed = [recording for recording in recordings if recording.views]
        now_ns = time.time_ns()
        for at, recording in enumerate(viewed, 1):
            if recording.state_due(now_ns):
                recording.tell("state", **recording.state())
            if at % SLICE == 0:  # thousands of notices at once would hold up every strip
                await asyncio.sleep(SLICE_S)
        # What nobody feeds, watches or still has to store is known to the database alone.
        idle = [r for r in recordings if r.idle and not r.pulse_due]
        unstored = self._ingest.committer.unstored() if idle else set()
        for recording in idle:
            if recording not in unstored:
                recordings.forget(recording)

    async def write(self) -> None:
        """Write what has changed since the last time."""
        store = self._ingest.store
        await store.ping()
        self._turn ^= 1
        due = [recording for recording in self._ingest.recordings if self._due(recording)]
        rows = [row for recording in due if (row := _row(recording)) is not None]
        for at in range(0, len(rows), ROWS):
            await store.write_pulses(rows[at : at + ROWS])
        for recording in due:
            recording.pulse_due, recording.pulsed_ns = False, recording.heard_ns
        if self._ingest.clocks:
            clocks, self._ingest.clocks = self._ingest.clocks, {}
            await store.write_clocks(
                [(recording.id, *clock) for recording, clock in clocks.items()]
            )

    def _due(self, recording: Recording) -> bool:
        """What changed hands or speaks again, at once; what only goes on, every second turn."""
        if recording.pulse_due or recording.heard_ns - recording.pulsed_ns > SILENT_NS:
            return True
        return recording.heard_ns > recording.pulsed_ns and recording.no % 2 == self._turn


def _row(recording: Recording) -> tuple[Any, ...] | None:
    frame = recording.last_frame
    if not frame:
        return None
    flags, lag_ms = recording.flags_and_lag()
    return (
        recording.id,
        recording.progress.received.highest,
        recording.heard_ns // 1_000,
        lag_ms,
        flags,
        int.from_bytes(frame[70:72], "little"),
        recording.feeder is not None,
    )
