"""Duties: loops that never end, each on its own, whatever happens in the others."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog

from kernel.database import Database
from kernel.database_clock import ASK_EVERY_S, DatabaseClock, ask
from kernel.errors import Unavailable

log = structlog.get_logger()

Work = Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Duty:
    """One thing the engine keeps doing.

    Attributes:
        name: for logs and the health page.
        work: does one batch; True means "there may be more, call again at once".
        period_s: seconds between looks when nobody wakes it.
        wake: set by NOTIFY; None if this duty only follows its period.
    """

    name: str
    work: Work
    period_s: float
    wake: asyncio.Event | None = None


async def keep(duty: Duty, restart_s: float = 1.0) -> None:
    """Run `duty` until cancelled, whatever happens."""
    while True:
        try:
            await _loop(duty)
        except Unavailable:
            log.warning("engine.database_unavailable", duty=duty.name)
            await asyncio.sleep(restart_s)
        except Exception as error:
            log.error("engine.duty_failed", duty=duty.name, exc_info=error)
            await asyncio.sleep(restart_s)


async def once(name: str, work: Callable[[], Awaitable[object]], retry_s: float = 1.0) -> None:
    """Do `work` until it has succeeded."""
    while True:
        try:
            await work()
        except Unavailable:
            log.warning("engine.database_unavailable", duty=name)
        except Exception as error:
            log.error("engine.duty_failed", duty=name, exc_info=error)
        else:
            return
        await asyncio.sleep(retry_s)


async def _loop(duty: Duty) -> None:
    wake = duty.wake or asyncio.Event()
    while True:
        if await duty.work():
            continue
        try:
            async with asyncio.timeout(duty.period_s):
                await wake.wait()
        except TimeoutError:
            continue
        wake.clear()


async def keep_all(duties: Iterable[Duty], *companions: Coroutine[Any, Any, None]) -> None:
    """Keep all duties, and companions such as listeners, until cancelled."""
    async with asyncio.TaskGroup() as group:
        for duty in duties:
            group.create_task(keep(duty), name=duty.name)
        for companion in companions:
            group.create_task(companion)


@asynccontextmanager
async def kept(duty: Duty) -> AsyncIterator[None]:
    """Keep one duty as long as the block lasts."""
    task = asyncio.create_task(keep(duty), name=duty.name)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def learning(database: Database, clock: DatabaseClock) -> Duty:
    """The clock learns from the database what time it is."""
    return Duty("clock", partial(ask, database, clock), ASK_EVERY_S)
