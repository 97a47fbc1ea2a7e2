"""Senders that have gone quiet are asked whether they are there, and given up when nothing comes.

The seconds that come are answer enough, and one look at the columns finds everybody's: picows' own
pings are a task and a timer for each connection. Viewers, who say little, keep those.
"""

from __future__ import annotations

import asyncio
from typing import Final

import numpy as np

from realtime.gateway.ingest import Ingest
from realtime.marks import NONE

LOOK_S: Final = 10.0
ASKED: Final = 2
GIVEN_UP: Final = 4
"""Looks without a word: asked 10 to 20 seconds after the last one, given up after 30 to 40."""


class Idle:
    """Looks after senders, by what came since its last look; no clock is asked."""

    def __init__(self, ingest: Ingest) -> None:
        self._ingest = ingest
        self._heard_ns = ingest.recordings.columns.heard_ns.copy()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            self.look()

    def look(self) -> None:
        """Ask whoever has said nothing, or give them up."""
        self._ingest.arrivals.take()
        speaking = self._speaking()
        for listener in list(self._ingest.listeners):
            if listener.slot in speaking or listener.held:
                listener.quiet = 0  # who is not read cannot answer either
                continue
            listener.quiet += 1
            if listener.quiet == ASKED:
                listener.ask()
            elif listener.quiet >= GIVEN_UP:
                listener.cut()

    def _speaking(self) -> set[int]:
        """Numbers of the connections by which seconds have come since the last look."""
        columns, before = self._ingest.recordings.columns, self._heard_ns
        self._heard_ns = columns.heard_ns.copy()
        before = np.concatenate([before, np.zeros(len(self._heard_ns) - len(before), np.int64)])
        feeders: list[int] = columns.feeder[self._heard_ns != before].tolist()
        return set(feeders) - {NONE}
