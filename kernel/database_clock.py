"""What time it is in a process: the database's, carried on by a counter that nobody sets.

Moments that one process writes are held against another's and against the database's: when a page
is due, how long she has waited, signs of life of a tracing, whether a login is still good, what
senders measure their own clocks by. A host's clock may be hours wrong, or be set while work goes
on; so it counts only until the database has been asked. How wrong it is, is told.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import text

from kernel.clock import DeviceTime
from kernel.database import Database
from kernel.viewer import Viewer

log = structlog.get_logger()

ASK_EVERY_S: Final = 5.0
TIME: Final = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
"""Microseconds since 1970."""
WRONG_MS: Final = 1_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class DatabaseClock:
    """A `kernel.clock.Clock`, and the same in nanoseconds since 1970."""

    simulated = False
    device: DeviceTime | None = None

    def __init__(
        self,
        wall_ns: Callable[[], int] = time.time_ns,
        steady_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._wall_ns = wall_ns
        self.steady_ns = steady_ns
        self._ahead_ns = wall_ns() - steady_ns()
        """What is to be added to the counter."""
        self._learned = False
        self._wrong = False

    def ns(self) -> int:
        """Nanoseconds since 1970."""
        return self.steady_ns() + self._ahead_ns

    def now(self) -> datetime:
        """The present moment."""
        return _EPOCH + timedelta(microseconds=self.ns() // 1_000)

    def learn(self, asked_ns: int, told_ns: int, heard_ns: int) -> None:
        """Take the database's word for the time.

        It said so at some moment between asking and hearing. We move only as far as we are
        certainly apart, so that a slow answer moves nothing to and fro: a host that goes right
        keeps its own time to the nanosecond. One that is found wrong at first is set halfway.

        Args:
            asked_ns, heard_ns: by the counter.
            told_ns: since 1970, by the database's clock.
        """
        least_ns, most_ns = told_ns - heard_ns, told_ns - asked_ns
        if self._learned or least_ns <= self._ahead_ns <= most_ns:
            self._ahead_ns = min(max(self._ahead_ns, least_ns), most_ns)
        else:
            self._ahead_ns = (least_ns + most_ns) // 2
        self._learned = True
        self._judge()

    @property
    def offset_ms(self) -> int | None:
        """What is to be added to the host's clock; none before the database was asked."""
        return round((self.ns() - self._wall_ns()) / 1_000_000) if self._learned else None

    def _judge(self) -> None:
        """Say when the host's clock is found wrong, and when no more."""
        offset_ms = self.offset_ms
        wrong = offset_ms is not None and abs(offset_ms) > WRONG_MS
        if wrong != self._wrong:
            self._wrong = wrong
            say = log.warning if wrong else log.info
            say("clock.wrong" if wrong else "clock.right", offset_ms=offset_ms)


async def ask(database: Database, clock: DatabaseClock) -> bool:
    """Let the clock learn from the database; nothing more is to do until it is asked again.

    Raises:
        Unavailable: it is away; the clock goes on.
    """
    async with database.session(Viewer.system("clock")) as session:
        asked_ns = clock.steady_ns()
        told_us: int = (await session.execute(text(TIME))).scalar_one()
        clock.learn(asked_ns, told_us * 1_000, clock.steady_ns())
    return False
