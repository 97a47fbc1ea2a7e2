"""Who agreed to be recorded, as it stands in Valkey."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final
from uuid import UUID

import msgspec

from consult.media.engine import Recording
from consult.media.errors import MediaUnavailable
from consult.media.forward.directory import Directory
from consult.media.forward.room import Room

ASKED_S: Final = 0.5
"""Valkey answers within this time, or is not asked about recordings: a withdrawal must be seen."""


class Agreements:
    """Looked at every second, and when somebody says that they have changed."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        # One look after the other: of two at once the older answer could come last, and go on
        # writing what somebody has forbidden.
        self._looking = asyncio.Lock()

    async def look(self, rooms: Sequence[Room]) -> None:
        """Record these rooms as agreed; where nobody can say it, nothing is recorded."""
        async with self._looking:
            asked: dict[UUID, Recording | None] = {}
            with suppress(MediaUnavailable, TimeoutError, msgspec.DecodeError):
                async with asyncio.timeout(ASKED_S):
                    asked = await self._directory.recordings([room.id for room in rooms])
            for room in rooms:
                room.record(asked.get(room.id))
