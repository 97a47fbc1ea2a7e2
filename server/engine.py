"""The engine: everything that must happen although nobody is asking.

Each duty is a loop of its own; one that fails is logged and starts again, the others go on. Two or
more engines may run: rows are claimed with SKIP LOCKED, so who does the work is decided by
PostgreSQL.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

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
        except Exception as error:
            log.error("engine.duty_failed", duty=duty.name, exc_info=error)
            await asyncio.sleep(restart_s)


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


async def run_until_signal(duties: list[Duty], *companions: Awaitable[None]) -> None:
    """Keep all duties (and companion tasks such as listeners) until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    tasks = [asyncio.create_task(keep(duty), name=duty.name) for duty in duties]
    tasks += [asyncio.ensure_future(companion) for companion in companions]
    await stop.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
