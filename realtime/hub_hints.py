"""Case hints over Valkey: one more way to hear of a change, never the only one.

PostgreSQL notifies serve processes itself (trigger `case_event_hint`); Valkey reaches processes
that hold no listening connection and halves the wait when PostgreSQL is busy. When it is away,
nothing is missing.
"""

import asyncio
from collections.abc import Callable
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from kernel.ids import CaseId
from kernel.outbox import OutboxMessage

log = structlog.get_logger()

CHANNEL = "yunshang:case"
READ_S = 5.0
RECONNECT_S = (0.2, 0.5, 1.0, 2.0)

OnCase = Callable[[CaseId, int], None]


def client(url: str) -> "Redis":
    """A client whose socket outlasts its blocking reads (redis-py 8 times out after 5 s)."""
    return Redis.from_url(url, socket_timeout=READ_S * 2, socket_connect_timeout=2)


class CaseHints:
    """Subscribes until cancelled, through every restart of Valkey."""

    def __init__(self, url: str, on_case: OnCase) -> None:
        self._url = url
        self._on_case = on_case
        self.connected = False

    async def run(self) -> None:
        """Listen until cancelled."""
        failures = 0
        while True:
            try:
                await self._listen()
            except (RedisError, OSError) as error:
                if self.connected or not failures:
                    log.warning("hints.lost", error=type(error).__name__)
                failures = 1 if self.connected else failures + 1
                self.connected = False
                await asyncio.sleep(RECONNECT_S[min(failures, len(RECONNECT_S)) - 1])

    async def _listen(self) -> None:
        redis = client(self._url)
        pubsub = redis.pubsub(ignore_subscribe_messages=True)
        try:
            await pubsub.subscribe(CHANNEL)
            self.connected = True
            while True:
                message = await pubsub.get_message(timeout=READ_S)
                if message is not None:
                    self._take(message["data"])
        finally:
            await pubsub.aclose()  # type: ignore[no-untyped-call]
            await redis.aclose()

    def _take(self, data: bytes) -> None:
        case_id, _, version = data.decode("ascii", "replace").partition(" ")
        try:
            self._on_case(CaseId(UUID(case_id)), int(version))
        except ValueError:
            log.warning("hints.unreadable")


class CaseAnnouncer:
    """Relay handler of topic `case.changed`: publishes the hint; Valkey away is no failure."""

    def __init__(self, url: str) -> None:
        self._redis = client(url)

    async def __call__(self, message: OutboxMessage) -> None:
        """Publish `<case id> <seq>`."""
        case_id, seq = message.payload["case_id"], message.payload["seq"]
        try:
            async with asyncio.timeout(2):
                await self._redis.publish(CHANNEL, f"{case_id} {seq}")
        except (RedisError, OSError, TimeoutError) as error:
            log.debug("hints.not_published", error=type(error).__name__)

    async def close(self) -> None:
        """Close the connection."""
        await self._redis.aclose()
