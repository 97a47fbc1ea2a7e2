"""A loop that thousands of messages wake rests after each turn, so that more come together.

As network cards hold interrupts back under load: to wake up costs more than what one message brings
(docs/ctg-scale.md). Only where messages are many and nothing but the next seconds has come for a
while: whatever else the loop does waits as long, and whoever comes back must not.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

REST_S: Final = 0.005
MANY: Final = 500
"""Messages a second."""
RECKON_S: Final = 0.05
CALM_S: Final = 3.0
"""So long after a connection, an opening or a message that was not the usual one."""


class Rest:
    """Rests once after the turn in which it is asked to."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._since = clock()
        self._calm_at = self._since + CALM_S
        self._messages = 0
        self._many = False
        self._may = False
        self._due = False

    def stirred(self) -> None:
        """Somebody comes, opens, or has something else to say than the next second."""
        self._calm_at = self._clock() + CALM_S
        self._may = False

    def looked(self, messages: int) -> None:
        """So many messages were looked at together."""
        self._messages += messages
        now = self._clock()
        passed = now - self._since
        if passed >= RECKON_S:
            self._many = self._messages >= MANY * passed
            self._since, self._messages = now, 0
        self._may = self._many and now >= self._calm_at

    def came(self) -> None:
        """A message has come in this turn of the loop."""
        if self._may and not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._now)

    def _now(self) -> None:
        self._due = False
        if self._may:
            self._sleep(REST_S)
