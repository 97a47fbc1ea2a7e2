"""What engines have in common beside their media: how many fit, and what those of others refuse."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from consult.media.engine import Layer, Left, Recording, RoomPolicy
from consult.media.errors import CapNotOffered, RecordingNotOffered, RoomFull
from consult.media.remembered import Remembered


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


class ForeignEngine:
    """What Janus and LiveKit refuse for the same reasons, and how a leaving is explained."""

    def __init__(self, remembered: Remembered) -> None:
        self._limits = Limits()
        self._known = remembered

    async def set_layer_cap(self, room_id: UUID, participant_id: UUID, cap: Layer) -> None:
        """Only a subscriber itself can tell them which layer it wants."""
        raise CapNotOffered()

    async def set_recording(self, room_id: UUID, recording: Recording | None) -> None:
        """They record without asking who agreed, and where we cannot seal what they wrote."""
        raise RecordingNotOffered()

    async def _why(self, room_id: UUID, who: UUID, rooms: Collection[UUID]) -> Left:
        if room_id not in rooms:
            return Left.CLOSED
        return Left.EJECTED if await self._known.is_out(room_id, who) else Left.LOST
