"""A recording that another gateway had until it died is counted anew from its latest stored seconds
before its new ones are looked at: a delay that was half over then is half over now.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import asyncpg
import structlog

from realtime import frames
from realtime.gateway.alarms.looking import Looking
from realtime.gateway.alarms.register import Register, Watched
from realtime.gateway.store import UNAVAILABLE, Span

log = structlog.get_logger()

LOOK_BACK: Final = 2
"""How many times the longest delay a recording is counted back when it is taken over."""
COUNTED_AT_ONCE: Final = 250
BREATH: Final = 10
"""Recordings counted anew before samples and viewers have their turn again."""

History = Callable[[Sequence[Span]], Awaitable[dict[int, list[bytes]]]]
"""Stored frames of several recordings, by number; `Store.read_pages`."""


class Takeover:
    """Counts anew what waits for it."""

    def __init__(self, register: Register, looking: Looking, history: History) -> None:
        self._register = register
        self._looking = looking
        self._history = history

    def opened(self, one: Watched) -> None:
        """A sender has opened it here: what it sent elsewhere is counted first."""
        if one.aside is None and self._looking.unseen(one):
            one.aside = []
            self._register.uncounted.add(one)

    async def work(self) -> None:
        """Count everything that waits."""
        while self._register.uncounted:
            await self._recount(list(self._register.uncounted)[:COUNTED_AT_ONCE])

    def give_up(self) -> None:
        """The database is away: everything that waits goes without its earlier seconds."""
        for one in list(self._register.uncounted):
            self._looking.go_without(one)

    async def _recount(self, some: Sequence[Watched]) -> None:
        """Count these anew from what is stored of them, then look at what came meanwhile."""
        spans = [_look_back(one) for one in some]
        try:
            pages = await self._history(spans)
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            log.warning("gateway.alarms_uncounted", error=type(error).__name__, of=len(some))
            pages = {}
        for number, one in enumerate(some):
            if number % BREATH == 0:
                await asyncio.sleep(0)
            stored = pages.get(one.recording.no)
            if one not in self._register.uncounted:
                continue
            if stored is None:
                self._looking.go_without(one)
            else:
                self._register.uncounted.discard(one)
                earlier = frames.view_frames(b"".join(stored))
                changes = self._register.board.recount(one.row, earlier, one.standing)
                self._looking.tell_changes(changes)
                self._looking.catch_up(one)


def _look_back(one: Watched) -> Span:
    """The stored seconds from which a recording is counted anew."""
    recording = one.recording
    last = recording.progress.received.highest
    first = max(1, last + 1 - LOOK_BACK * one.limits.longest_delay_s)
    return recording.id, recording.no, first, last
