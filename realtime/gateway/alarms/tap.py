"""The gateway's alarms as a tap: they hear what is opened, flushed and gone, and do the rest."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import structlog

from kernel.database import Database
from kernel.errors import Unavailable
from kernel.wake import Listener
from realtime.gateway.alarms.looking import Looking
from realtime.gateway.alarms.record import CHANNELS, Record
from realtime.gateway.alarms.register import Register
from realtime.gateway.alarms.takeover import History, Takeover
from realtime.gateway.live import Recording, Recordings
from realtime.gateway.tap import Flush

log = structlog.get_logger()

PERIOD_S: Final = 1.0
LIMITS_S: Final = 60.0
AGAIN_S: Final = 0.5


class Alarms:
    """Looks, tells and records."""

    def __init__(
        self,
        database: Database,
        recordings: Recordings,
        history: History,
        period_s: float = PERIOD_S,
        limits_s: float = LIMITS_S,
        *,
        clock_ns: Callable[[], int] = time.time_ns,
        steady_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._period_s = period_s
        self._limits_s = limits_s
        self._limits_due = False
        self._clock_ns = clock_ns
        self._steady_ns = steady_ns
        self.register = Register(recordings)
        self.looking = Looking(self.register, clock_ns, steady_ns)
        self.takeover = Takeover(self.register, self.looking, history)
        self.record = Record(database, self.register, recordings)

    async def run(self) -> None:
        """Look once a second, record and hear, until cancelled."""
        listener = Listener(self.record.database.url, CHANNELS, self.record.notified)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._looks())
            group.create_task(self._keep())
            group.create_task(self._remind())
            group.create_task(listener.run())

    def opened(self, recording: Recording) -> None:
        """A sender has opened (or opened again) the recording here."""
        now_ns = self._steady_ns()
        one = self.register.watched(recording, now_ns)
        self.register.lines.up(one.row, now_ns)
        self.register.unread.add(one)
        self.takeover.opened(one)
        self.register.work.set()

    def flushed(self, flush: Flush) -> None:
        """New seconds of any number of recordings."""
        self.looking.flushed(flush)

    def gone(self, recording: Recording, *, closed: bool) -> None:
        """The line is down, or the recording has ended: silence is no longer this one's alarm."""
        one = self.register.by_recording.get(recording)
        if one is None:
            return
        if self.register.lines.down(one.row):
            self.register.say_silent(one, False, self._clock_ns())
        if not recording.highest:  # no second of it exists: there is nothing to come back to
            self.register.forget(one)

    async def close(self) -> None:
        """Record what waits, if that can be done at once, and give the connections back."""
        with suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(2):
                await self.work()
        await self.record.database.close()

    async def _looks(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = max(due + self._period_s, loop.time())
            await asyncio.sleep(due - loop.time())
            self.looking.tick()

    async def _remind(self) -> None:
        while True:
            await asyncio.sleep(self._limits_s)
            self._limits_due = True
            self.register.work.set()

    async def _keep(self) -> None:
        """Read limits, write findings and pass on what others did."""
        while True:
            await self.register.work.wait()
            self.register.work.clear()
            try:
                await self.work()
            except Unavailable:
                waiting = len(self.register.findings)
                log.warning("gateway.alarms_unrecorded", findings=waiting)
                self.takeover.give_up()
                await asyncio.sleep(AGAIN_S)
                self.register.work.set()

    async def work(self) -> None:
        """Do everything that waits; raises `Unavailable` with the rest still waiting."""
        if self._limits_due:
            await self.record.look_at_limits()
            self._limits_due = False
        await self.record.read_limits()
        await self.takeover.work()
        await self.record.write_and_hear()
