"""A loop that thousands of messages wake rests after each turn, so that more come together.

As network cards hold interrupts back under load: on a virtual machine to wake up costs more than
what one message brings (docs/ctg-scale.md). Only where messages are many, and never for longer than
`REST_S`; whatever else the loop does waits as long.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

REST_S: Final = 0.005
MANY: Final = 25
"""Messages in one look (50 ms or less): 500 a second."""


class Rest:
    """Rests once after the turn in which it is asked to."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep
        self._due = False
        self._many = False

    def looked(self, messages: int) -> None:
        """So many messages were looked at together."""
        self._many = messages >= MANY

    def came(self) -> None:
        """A message has come in this turn of the loop."""
        if self._many and not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._now)

    def _now(self) -> None:
        self._due = False
        self._sleep(REST_S)
