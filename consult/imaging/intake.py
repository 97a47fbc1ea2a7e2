"""How much is taken in at once: bodies are read only where there is room for them.

A clip may be a hundred megabytes and a township's line slow. What is on its way lies in memory,
never unsealed on a disk; so one process takes a bounded number of bytes at a time, and no
transaction is open meanwhile.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from consult.imaging.errors import Busy, Stalled, TooLarge
from consult.imaging.parse.limits import FILE_BYTES

ROOM_BYTES: Final = 3 * FILE_BYTES
EACH: Final = 3
"""Files of one person at a time."""

PATIENCE_S: Final = 30.0
"""Longest silence in the middle of a body."""


class Intake:
    """What one process is taking in."""

    def __init__(self, room: int = ROOM_BYTES, each: int = EACH) -> None:
        self._left = room
        self._each = each
        self._busy: Counter[UUID] = Counter()

    @contextmanager
    def room(self, person: UUID, size: int) -> Iterator[None]:
        """Hold `size` bytes for `person`.

        Raises:
            TooLarge: no file may be so large.
            Busy: there is no room now, or the person sends several already.
        """
        if size > FILE_BYTES:
            raise TooLarge(limit_mb=FILE_BYTES // 10**6)
        if size > self._left or self._busy[person] >= self._each:
            raise Busy()
        self._left -= size
        self._busy[person] += 1
        try:
            yield
        finally:
            self._left += size
            self._busy[person] -= 1
            if not self._busy[person]:
                del self._busy[person]


async def gathered(pieces: AsyncIterator[bytes], most: int) -> bytes:
    """The whole body.

    Raises:
        TooLarge: more than `most` bytes came.
        Stalled: nothing came for half a minute.
    """
    body = bytearray()
    while True:
        try:
            async with asyncio.timeout(PATIENCE_S):
                piece = await anext(pieces, None)
        except TimeoutError as error:
            raise Stalled() from error
        if piece is None:
            return bytes(body)
        body += piece
        if len(body) > most:
            raise TooLarge(limit_mb=FILE_BYTES // 10**6)
