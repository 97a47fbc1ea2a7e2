"""The API's side of our engine: tickets and orders; the media itself is the workers'."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from consult.media.engine import (
    TICKET_TTL,
    EngineEvent,
    Grants,
    Heard,
    Joined,
    JoinTicket,
    Layer,
    Participant,
    Recording,
    RecordingChanged,
    RoomPolicy,
    SoundAlone,
    Source,
    TrackChanged,
    WasLeft,
)
from consult.media.errors import MediaUnavailable
from consult.media.forward import orders
from consult.media.forward.directory import EVENTS, Directory, heard
from consult.media.limits import Limits
from consult.media.tokens import TokenKey, turn_servers
from kernel.ids import new_id

_EVENTS: Final[dict[str, Any]] = {
    kind.__name__: kind for kind in (Joined, WasLeft, TrackChanged, SoundAlone, RecordingChanged)
}


class ForwardEngine:
    """A `MediaEngine` on our own workers."""

    name = "forward"

    def __init__(
        self, valkey: Redis, key: TokenKey, turn_urls: Sequence[str] = (), turn_secret: str = ""
    ) -> None:
        self._valkey = valkey
        self._directory = Directory(valkey)
        self._key = key
        self._turn_urls = turn_urls
        self._turn_secret = turn_secret
        self._limits = Limits()

    async def ensure_room(self, room_id: UUID, policy: RoomPolicy) -> None:
        """A room is made by its first member; here its worker is chosen."""
        self._limits.keep(room_id, policy)
        await self._directory.place(room_id)

    async def issue_join(
        self, room_id: UUID, participant: Participant, grants: Grants, at: datetime
    ) -> JoinTicket:
        """A ticket to the worker that holds the room."""
        here = await self._directory.present(room_id)
        limit = self._limits.must_fit(room_id, participant.id, here.people)
        url = await self._directory.place(room_id)
        token = self._key.sign(room_id, participant, grants, limit=limit, jti=new_id(), at=at)
        servers = turn_servers(self._turn_urls, self._turn_secret, participant.id, at)
        return JoinTicket(self.name, url, token, servers, at + TICKET_TTL)

    async def present(self, room_id: UUID) -> Heard:
        """By the worker's last heartbeat."""
        return await self._directory.present(room_id)

    async def eject(self, room_id: UUID, participant_id: UUID) -> None:
        """Kept where the worker looks every second, and said at once."""
        await self._directory.send_out(room_id, participant_id)
        await self._order(orders.Eject(room_id, participant_id))

    async def set_muted(
        self, room_id: UUID, participant_id: UUID, source: Source, muted: bool
    ) -> None:
        """Said to the worker."""
        await self._order(orders.Mute(room_id, participant_id, source, muted))

    async def set_layer_cap(self, room_id: UUID, participant_id: UUID, cap: Layer) -> None:
        """Said to the worker."""
        await self._order(orders.Cap(room_id, participant_id, cap))

    async def set_recording(self, room_id: UUID, recording: Recording | None) -> None:
        """Kept where the worker looks every second, and said at once."""
        await self._directory.ask_recording(room_id, recording)
        await self._order(orders.Look(room_id))

    async def close_room(self, room_id: UUID) -> None:
        """Said to the worker."""
        self._limits.forget(room_id)
        await self._order(orders.Close(room_id))

    async def events(self) -> AsyncIterator[EngineEvent]:
        """Of all workers."""
        async for raw in heard(self._valkey, EVENTS):
            body = msgspec.json.decode(raw)
            kind = _EVENTS[body.pop("event")]
            yield cast(EngineEvent, msgspec.convert(body, kind))

    async def close(self) -> None:
        """Give back the connection."""
        await self._valkey.aclose()

    async def _order(self, order: orders.Order) -> None:
        url = await self._directory.place(order.room)
        try:
            await self._valkey.publish(orders.channel(url), msgspec.json.encode(order))
        except (RedisError, OSError) as error:
            raise MediaUnavailable() from error
