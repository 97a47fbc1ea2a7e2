"""A `MediaEngine` on a LiveKit server, for rooms larger than one worker or sites with many nodes.

LiveKit's token gates the first connection for five minutes and may be used more than once; whoever
was sent out and comes again by an unused one is sent out at the next look, within a second. A
muted track can be given back only where the server allows it (`enable_remote_unmute`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
from redis.asyncio import Redis

from consult.media.engine import (
    TICKET_TTL,
    EngineEvent,
    Grants,
    Heard,
    Joined,
    JoinTicket,
    Participant,
    RoomPolicy,
    Source,
    WasLeft,
)
from consult.media.foreign import ForeignEngine
from consult.media.livekit.hooks import room_of
from consult.media.livekit.rooms import Key, NotThere, RoomService
from consult.media.looking import LOOK_S, Looking
from consult.media.remembered import Remembered
from consult.media.tokens import turn_servers
from kernel.clock import Clock, SystemClock


class LiveKitEngine(ForeignEngine):
    """Rooms of a LiveKit server.

    Args:
        client: whose `base_url` is the server's HTTP address; closed with the engine.
        url: ws(s)://… that clients connect to.
    """

    name = "livekit"

    def __init__(
        self,
        client: httpx.AsyncClient,
        url: str,
        key: Key,
        valkey: Redis,
        *,
        turn_urls: Sequence[str] = (),
        turn_secret: str = "",
        clock: Clock | None = None,
    ) -> None:
        self._client = client
        self._url = url
        self._key = key
        self._service = RoomService(client, key)
        self._remembered = Remembered(valkey, "livekit")
        super().__init__(self._remembered)
        self._turn_urls = turn_urls
        self._turn_secret = turn_secret
        self._clock = clock or SystemClock()

    async def ensure_room(self, room_id: UUID, policy: RoomPolicy) -> None:
        """CreateRoom gives back the room that is there."""
        self._limits.keep(room_id, policy)
        limit = policy.max_participants
        await self._ask("CreateRoom", room_id, name=str(room_id), max_participants=limit)
        await self._remembered.add_room(room_id)

    async def issue_join(
        self, room_id: UUID, participant: Participant, grants: Grants, at: datetime
    ) -> JoinTicket:
        """An access token of LiveKit's own kind; of somebody sent out it grants no entry."""
        self._limits.must_fit(room_id, participant.id, await self._active(room_id))
        identity = str(participant.id)
        if await self._remembered.is_out(room_id, participant.id):
            token = self._key.token(at, TICKET_TTL, {"roomJoin": False}, identity)
        else:
            token = self._key.join(at, str(room_id), identity, grants.publish)
        servers = turn_servers(self._turn_urls, self._turn_secret, participant.id, at)
        return JoinTicket(self.name, self._url, token, servers, at + TICKET_TTL)

    async def present(self, room_id: UUID) -> Heard:
        """Those whose connection is up (ACTIVE)."""
        at = self._clock.now()
        return Heard(at, await self._active(room_id))

    async def _active(self, room_id: UUID) -> frozenset[UUID]:
        people = await self._people(room_id)
        return frozenset(UUID(one["identity"]) for one in people if one["state"] == "ACTIVE")

    async def eject(self, room_id: UUID, participant_id: UUID) -> None:
        """Remove them; looked for again as long as their tokens live."""
        await self._remembered.send_out(room_id, participant_id)
        await self._ask("RemoveParticipant", room_id, identity=str(participant_id))

    async def set_muted(
        self, room_id: UUID, participant_id: UUID, source: Source, muted: bool
    ) -> None:
        """MutePublishedTrack, of the track that is named like the source."""
        for one in await self._people(room_id):
            if one["identity"] != str(participant_id):
                continue
            for track in one["tracks"]:
                if track["name"] == source:
                    about = {"identity": one["identity"], "track_sid": track["sid"]}
                    await self._ask("MutePublishedTrack", room_id, **about, muted=muted)

    async def close_room(self, room_id: UUID) -> None:
        """DeleteRoom sends everybody out."""
        self._limits.forget(room_id)
        await self._remembered.drop_room(room_id)
        await self._ask("DeleteRoom", room_id)

    async def hear(self, token: str, body: bytes, at: datetime) -> None:
        """A webhook of the server: its room is looked at now, by whoever takes `events`.

        What it says is not believed, so that one that comes twice or late does no harm.

        Raises:
            HookRefused: it is not our server's.
        """
        room_id = room_of(self._key, token, body, at)
        if room_id is not None:
            await self._remembered.call(room_id)

    async def events(self) -> AsyncGenerator[EngineEvent]:
        """Who came and who is gone, looking every second and when called; tracks are not told."""
        looking, loop = Looking(), asyncio.get_running_loop()
        async with self._remembered.calls() as called:
            while True:
                due = loop.time() + LOOK_S
                rooms = await self._remembered.rooms()
                for room_id in rooms | looking.rooms:
                    for event in await self._look(looking, room_id, rooms):
                        yield event
                while (left := due - loop.time()) > 0:
                    if (room := await called(left)) is None:
                        continue
                    for event in await self._look(looking, room, await self._remembered.rooms()):
                        yield event

    async def _look(self, looking: Looking, room_id: UUID, rooms: set[UUID]) -> list[EngineEvent]:
        """What became of a room since the last look; whoever was sent out is sent out again."""
        now = await self._active(room_id) if room_id in rooms else frozenset()
        came, gone = looking.moved(room_id, now)
        at = self._clock.now()
        for who in now:
            if await self._remembered.is_out(room_id, who):
                await self.eject(room_id, who)
        return [
            *(Joined(room_id, who, at) for who in came),
            *[WasLeft(room_id, who, at, await self._why(room_id, who, rooms)) for who in gone],
        ]

    async def close(self) -> None:
        """Give back the connections."""
        await self._client.aclose()
        await self._remembered.close()

    async def _people(self, room_id: UUID) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self._ask("ListParticipants", room_id)).get(
            "participants", []
        )
        return found

    async def _ask(self, method: str, room_id: UUID, **body: Any) -> dict[str, Any]:
        """A call; nothing when what it is about is not there (any more)."""
        of = {} if method == "CreateRoom" else {"room": str(room_id)}
        try:
            return await self._service.call(self._clock.now(), method, str(room_id), of | body)
        except NotThere:
            return {}
