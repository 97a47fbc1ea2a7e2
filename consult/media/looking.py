"""Who came and who is gone, of an engine that is looked at now and then. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final
from uuid import UUID

LOOK_S: Final = 1.0
"""Between two looks."""


class Looking:
    """Compares each look with the one before it."""

    def __init__(self) -> None:
        self._before: dict[UUID, frozenset[UUID]] = {}

    @property
    def rooms(self) -> set[UUID]:
        """Rooms in which somebody was seen at the last look."""
        return set(self._before)

    def moved(
        self, room_id: UUID, now: Collection[UUID]
    ) -> tuple[frozenset[UUID], frozenset[UUID]]:
        """Who came to a room and who is gone from it, since the last look."""
        before, here = self._before.pop(room_id, frozenset()), frozenset(now)
        if here:
            self._before[room_id] = here
        return here - before, before - here
