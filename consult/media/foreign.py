"""What Janus and LiveKit have in common: what they refuse, and how a leaving is explained."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from consult.media.engine import Layer, Left, Recording
from consult.media.errors import CapNotOffered, RecordingNotOffered
from consult.media.limits import Limits
from consult.media.remembered import Remembered


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
