"""How many people each room holds; every engine asks before it lets somebody in."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from consult.media.engine import RoomPolicy
from consult.media.errors import RoomFull


class Limits:
    """How many each room holds, as this process was told; else the usual number."""

    def __init__(self) -> None:
        self._most: dict[UUID, int] = {}

    def keep(self, room_id: UUID, policy: RoomPolicy) -> None:
        """A room's policy."""
        self._most[room_id] = policy.max_participants

    def forget(self, room_id: UUID) -> None:
        """It is closed."""
        self._most.pop(room_id, None)

    def must_fit(self, room_id: UUID, who: UUID, here: Collection[UUID]) -> int:
        """How many the room holds, if `who` is among them or fits in.

        Raises:
            RoomFull: they do not.
        """
        limit = self._most.get(room_id, RoomPolicy().max_participants)
        if who not in here and len(here) >= limit:
            raise RoomFull(limit=limit)
        return limit
