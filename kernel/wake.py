"""A supervised LISTEN connection. It wakes; it never carries truth."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import asyncpg
import structlog

log = structlog.get_logger()

LOST = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""The last is said of a line that the server has ended and nobody has closed."""

OnNotify = Callable[[str, str], None]
RECONNECT_S = (0.1, 0.2, 0.5, 1.0, 2.0)
ASK_S = 5.0
"""A half-open line answers nothing: so often it is asked something."""
ANSWER_S = 5.0


class Listener:
    """Keeps LISTENing through database restarts.

    `on_notify(channel, payload)` runs in the event loop and must not block. After every
    (re)connection it is called once per channel with an empty payload: something may have been
    missed, so look.
    """

    def __init__(self, url: str, channels: tuple[str, ...], on_notify: OnNotify) -> None:
        self._url = url
        self._channels = channels
        self._on_notify = on_notify
        self.connected = False

    async def run(self) -> None:
        """Listen until cancelled."""
        failures = 0
        while True:
            try:
                await self._listen_once()
                failures = 0
            except LOST as error:
                self.connected = False
                pause = RECONNECT_S[min(failures, len(RECONNECT_S) - 1)]
                failures += 1
                log.warning("listener.lost", error=type(error).__name__, retry_s=pause)
                await asyncio.sleep(pause)

    async def _listen_once(self) -> None:
        connection = await asyncpg.connect(self._url, timeout=5)
        lost = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _: lost.set())
            for channel in self._channels:
                await connection.add_listener(channel, self._received)
            self.connected = True
            for channel in self._channels:
                self._on_notify(channel, "")
            await self._watch(connection, lost)
        finally:
            self.connected = False
            with suppress(Exception):
                await connection.close(timeout=2)

    async def _watch(
        self, connection: "asyncpg.Connection[asyncpg.Record]", lost: asyncio.Event
    ) -> None:
        # Not asyncio.wait_for: in Python 3.11 it forgets that it was cancelled when what it waits
        # for comes in the same moment, and then nothing here would ever end.
        while not lost.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(ASK_S):
                    await lost.wait()
                break
            async with asyncio.timeout(ANSWER_S):
                await connection.execute("SELECT 1")
        raise OSError("listening connection ended")

    def _received(self, _connection: object, _pid: int, channel: str, payload: object) -> None:
        self._on_notify(channel, str(payload))
