"""`yunshang simulate-providers`: telephone companies and chats that do not exist."""

import asyncio
import signal

from duty.notify.providers.file import ProvidersError, read
from duty.notify.simulator.server import HOST, running
from kernel.clock import SystemClock
from server.logging import configure
from server.settings import Settings, SettingsError


def simulate(settings: Settings) -> None:
    """Play every provider of the providers file until SIGTERM or SIGINT.

    Raises:
        SettingsError: not a demo, or the file names no simulator.
    """
    configure(settings, "phones")
    if not settings.demo:
        raise SettingsError("only a demo has simulated phones; real pages would reach nobody")
    try:
        contracts = read(settings.providers_file, demo=True)
    except ProvidersError as error:
        raise SettingsError(f"YUNSHANG_PROVIDERS_FILE: {error}") from error
    if contracts.simulator is None:
        raise SettingsError("the providers file has no [simulator]; docs/operators.md shows one")
    where = contracts.simulator

    async def play() -> None:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        async with running(contracts, SystemClock()):
            await stopped.wait()

    try:
        asyncio.run(play())
    except OSError as error:
        message = f"cannot listen on {HOST} port {where.port} ({error.strerror})"
        raise SettingsError(message) from error
