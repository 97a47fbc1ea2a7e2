"""An access token that is fetched once, shared, and fetched again when it is refused."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from duty.notify.channels.channel import Failed, InDoubt
from kernel.clock import Clock

MARGIN = timedelta(minutes=2)
"""A token is given up this long before it ends."""


@dataclass(frozen=True, slots=True)
class Token:
    """What the provider gave, and for how long."""

    value: str
    lives_s: int


Fetch = Callable[[], Awaitable[Token | Failed | InDoubt]]


class Tokens:
    """One provider's token; many senders wait for one fetch."""

    def __init__(self, clock: Clock, fetch: Fetch) -> None:
        self._clock = clock
        self._fetch = fetch
        self._lock = asyncio.Lock()
        self._value = ""
        self._until: datetime | None = None

    async def current(self, *, refused: str = "") -> str | Failed:
        """A token that is not `refused`. Without one nothing goes out: a failure, never doubt."""
        async with self._lock:
            if self._usable(refused):
                return self._value
            found = await self._fetch()
            if not isinstance(found, Token):
                return Failed(f"token_{found.reason}", again=getattr(found, "again", True))
            self._value = found.value
            self._until = self._clock.now() + timedelta(seconds=found.lives_s)
            return self._value

    def _usable(self, refused: str) -> bool:
        if not self._value or self._value == refused or self._until is None:
            return False
        return self._clock.now() < self._until - MARGIN
