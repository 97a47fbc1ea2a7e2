"""`yunshang agent` and `yunshang simulate-monitor`: the centre's side; no database is near."""

import asyncio
import contextlib
import os
import signal
import sqlite3
from pathlib import Path

from realtime.agent.config import ConfigError, read_config
from realtime.agent.decoders.table import kinds
from realtime.agent.simulator import simulate
from realtime.agent.station import Station
from realtime.synthesiser import scenarios
from server.logging import configure
from server.settings import CannotGoOn, Settings


def run(settings: Settings, file: Path, *, check: bool) -> None:
    """Run until told to stop; with `check` only read the file.

    Raises:
        CannotGoOn: the file is wrong, the buffer cannot be opened, or the port is taken.
    """
    try:
        config = read_config(file)
    except ConfigError as error:
        raise CannotGoOn(str(error)) from error
    if check:
        return
    configure(settings, "agent")
    os.umask(0o077)
    try:
        asyncio.run(_until_stopped(Station(config)))
    except (OSError, sqlite3.DatabaseError) as error:
        raise CannotGoOn(f"{file}: {error}") from error


async def _until_stopped(station: Station) -> None:
    work = asyncio.create_task(station.run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows ends a service by Ctrl-C
            loop.add_signal_handler(number, work.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await work


def simulate_monitor(kind: str, to: str, scenario: str, seed: int, speed: float) -> None:
    """Speak as a monitor until told to stop.

    Raises:
        CannotGoOn: there is no such kind or scenario, or the place cannot be opened.
    """
    if kind not in kinds():
        raise CannotGoOn(f"no kind {kind!r}; there are {', '.join(sorted(kinds()))}")
    if scenario not in scenarios():
        raise CannotGoOn(f"no scenario {scenario!r}; there are {', '.join(sorted(scenarios()))}")
    if speed <= 0:
        raise CannotGoOn("the speed is more than 0")
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(simulate(kind, to, scenario, seed=seed, speed=speed))
    except OSError as error:
        raise CannotGoOn(f"{to}: {error}") from error
