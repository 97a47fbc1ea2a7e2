"""Which acknowledgements are sent now and which wait for more, for all senders in one look.

A sender says for each stream how long an acknowledgement may wait after the connection's latest one
(`ack_ms`, contract §5). One that is due takes along whatever else is durable on its connection.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from realtime.gateway.columns import Columns
from realtime.marks import NONE, Places

UNSAID_MOST: Final = 30
"""An acknowledgement of so many seconds of one stream does not wait, whatever its sender allows:
who catches up may be waiting for room."""

Moments = npt.NDArray[np.float64]
"""Seconds on the gateway's monotonic clock, shape (senders,)."""


class Patience:
    """When each sender was acknowledged last, and until when it waits."""

    def __init__(self) -> None:
        self._said_s: Moments = np.full(64, -math.inf)
        self._until_s: Moments = np.full(64, math.inf)
        self._holds = False
        """Somebody waits."""

    def forget(self, sender: int) -> None:
        """It is gone, and its number another's next."""
        if sender < len(self._said_s):
            self._said_s[sender], self._until_s[sender] = -math.inf, math.inf

    def due(self, columns: Columns, places: Places, now_s: float) -> Places:
        """Of these, durable further than before, and of what was held: what is said now."""
        places = places[columns.feeder[places] != NONE]
        places = places[columns.durable[places] > columns.acked[places]]
        if not len(places):
            return places
        senders = columns.feeder[places]
        self._grow(int(senders.max()) + 1)
        if not (self._holds or columns.patience_ms[places].any()):
            self._said_s[senders] = now_s
            return places
        much = columns.durable[places] - columns.acked[places] >= UNSAID_MOST
        waits_s = np.where(much, 0, columns.patience_ms[places]) / 1000
        np.minimum.at(self._until_s, senders, self._said_s[senders] + waits_s)
        self._holds = True
        return self.ripe(columns, now_s)

    def ripe(self, columns: Columns, now_s: float) -> Places:
        """All that is durable and not acknowledged of senders that have waited long enough."""
        if not self._holds:
            return np.empty(0, np.intp)
        ripe = self._until_s <= now_s
        self._said_s[ripe], self._until_s[ripe] = now_s, math.inf
        self._holds = bool((self._until_s < math.inf).any())
        places = np.flatnonzero(columns.durable > columns.acked)
        senders = columns.feeder[places]
        known = (senders != NONE) & (senders < len(ripe))
        found: Places = places[known][ripe[senders[known]]]
        return found

    def _grow(self, senders: int) -> None:
        missing = max(0, senders - len(self._said_s))
        if missing:
            room = max(missing, len(self._said_s))
            self._said_s = np.r_[self._said_s, np.full(room, -math.inf)]
            self._until_s = np.r_[self._until_s, np.full(room, math.inf)]
