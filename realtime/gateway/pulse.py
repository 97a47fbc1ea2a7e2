"""Every few seconds: signs of life into the database and to viewers, idle memory given back."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

import numpy as np
import structlog

from kernel.database_clock import DatabaseClock
from realtime import frames
from realtime.gateway.health import Health
from realtime.gateway.ingest import Ingest
from realtime.gateway.store import UNAVAILABLE
from realtime.marks import NONE, Places

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
        clock: DatabaseClock,
        *,
        period_s: float = PERIOD_S,
        facts: dict[str, object] | None = None,
    ) -> None:
        self._facts = facts if facts is not None else {}
        self._ingest = ingest
        self._health = health
        self._clock = clock
        self._period_s = period_s
        self._turn = 0

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            await self.tell()
            # What nobody feeds, watches or still has to store is known to the database alone.
            self._ingest.arrivals.take()
            self._ingest.recordings.forget_idle(self._ingest.committer.unstored)
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

    async def tell(self) -> None:
        """Tell viewers the states that have changed since they were told."""
        recordings, columns = self._ingest.recordings, self._ingest.recordings.columns
        viewed, waiting = np.flatnonzero(columns.watched), recordings.storage.state != "ok"
        untold = columns.untold(viewed, self._clock.ns(), waiting=waiting)
        for at in range(0, len(untold), SLICE):
            part = untold[at : at + SLICE]
            for place in part[columns.watched[part]].tolist():  # nobody may look by now
                recording = recordings.at(place)
                recording.tell("state", **recording.state())
            if at + SLICE < len(untold):  # thousands of notices at once would hold up every strip
                await asyncio.sleep(SLICE_S)

    async def write(self) -> None:
        """Write what has changed since the last time."""
        store, columns = self._ingest.store, self._ingest.recordings.columns
        await store.ask_time(self._clock)
        self._turn ^= 1
        due = self._due()
        told = due[columns.last["seq"][due] != 0]
        heard_ns = columns.heard_ns[due]
        columns.pulse_due[due] = False  # before the write: what changes during it is due again
        try:
            for at in range(0, len(told), ROWS):
                await store.write_pulses(*self._rows(told[at : at + ROWS]))
        except BaseException:
            columns.pulse_due[due] = True
            raise
        columns.pulsed_ns[due] = heard_ns
        await self._write_clocks()

    async def _write_clocks(self) -> None:
        """What senders measured since the last time; kept where it could not be written."""
        clocks, self._ingest.clocks = self._ingest.clocks, {}
        if not clocks:
            return
        try:
            await self._ingest.store.write_clocks(
                [(recording.id, *clock) for recording, clock in clocks.items()]
            )
        except BaseException:
            self._ingest.clocks = clocks | self._ingest.clocks  # what came meanwhile is newer
            raise

    def _due(self) -> Places:
        """What changed hands or speaks again, at once; what only goes on, every second turn."""
        columns = self._ingest.recordings.columns
        # A clock that was set back makes what is heard now older than what was written.
        fresh_ns = np.abs(columns.heard_ns - columns.pulsed_ns)
        goes_on = (fresh_ns > 0) & (columns.no % 2 == self._turn)
        return np.flatnonzero(columns.pulse_due | (fresh_ns > SILENT_NS) | goes_on)

    def _rows(self, places: Places) -> tuple[list[UUID], list[list[Any]]]:
        """Ids, and the other columns of `ctg_pulse`."""
        recordings, columns = self._ingest.recordings, self._ingest.recordings.columns
        last, highest = frames.picked(columns.last, places), columns.tail[places] - 1
        for at in np.flatnonzero(columns.tail[places] == NONE).tolist():
            highest[at] = recordings.at(int(places[at])).progress.received.highest
        return [recordings.at(place).id for place in places.tolist()], [
            highest.tolist(),
            (columns.heard_ns[places] // 1_000).tolist(),
            columns.lag_ms(places).tolist(),
            last["flags"].tolist(),
            last["samples"]["marks"][:, -1].tolist(),
            (columns.feeder[places] != NONE).tolist(),
        ]
