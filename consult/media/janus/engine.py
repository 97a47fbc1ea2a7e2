"""A `MediaEngine` on a Janus gateway; what Janus cannot do is refused by name.

Janus has no tickets, so they are made of what it has: a room lets in who shows a word of its list
of allowed ones. A word is put there when a ticket is issued, and taken away as soon as its bearer
is seen in the room, when it is too old, or when they are sent out. `string_ids` must be set, so
that rooms and participants have our ids, and `admin_key`, so that nobody else makes rooms.

Two weaknesses are Janus's own: somebody let in says themselves which participant they are (an id
that nobody was given a ticket for is sent out within a second), and a word may be used again within
the second in which it is first used.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any, Final
from uuid import UUID

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
from consult.media.janus.api import (
    NO_SUCH_FEED,
    NO_SUCH_ROOM,
    ROOM_EXISTS,
    Handle,
    JanusRefused,
    Session,
    open_session,
)
from consult.media.janus.words import Words
from consult.media.looking import LOOK_S, Looking
from consult.media.tokens import turn_servers
from kernel.clock import Clock, SystemClock
from kernel.sealing import subkey

OBSERVER: Final = "observer-"
"""Ids of those who only look, beside the participants' UUIDs."""


class JanusEngine(ForeignEngine):
    """Rooms of the VideoRoom plugin.

    Args:
        url: ws(s)://… of Janus for us; clients use `public_url`.
        admin_key: as in Janus's `janus.plugin.videoroom.jcfg`.
    """

    name = "janus"

    def __init__(
        self,
        url: str,
        admin_key: str,
        valkey: Redis,
        master: bytes,
        *,
        public_url: str = "",
        turn_urls: Sequence[str] = (),
        turn_secret: str = "",
        clock: Clock | None = None,
    ) -> None:
        self._url = url
        self._public_url = public_url or url
        self._admin_key = admin_key
        self._words = Words(valkey)
        super().__init__(self._words)
        self._key = subkey(master, "media-janus")
        self._turn_urls = turn_urls
        self._turn_secret = turn_secret
        self._clock = clock or SystemClock()
        self._session: Session | None = None
        self._opening = asyncio.Lock()

    async def ensure_room(self, room_id: UUID, policy: RoomPolicy) -> None:
        """Make it if it is not there."""
        self._limits.keep(room_id, policy)
        async with self._handle() as handle:
            try:
                await handle.request(
                    request="create",
                    admin_key=self._admin_key,
                    permanent=False,
                    is_private=True,
                    require_pvtid=True,
                    allowed=[token_urlsafe()],  # an empty list would let everybody in
                    publishers=policy.max_participants,
                    audiocodec="opus",
                    videocodec="vp8",
                    **self._of(room_id),
                )
            except JanusRefused as refused:
                if refused.code != ROOM_EXISTS:
                    raise
        await self._words.add_room(room_id)

    async def issue_join(
        self, room_id: UUID, participant: Participant, grants: Grants, at: datetime
    ) -> JoinTicket:
        """A ticket whose token is room, participant and word, with dots between."""
        people = await self._people(room_id)
        self._limits.must_fit(room_id, participant.id, _heard(people))
        if any(one["id"] == str(participant.id) for one in people):
            # Janus lets nobody in under an id that is taken: a connection that was lost goes first.
            await self._kick(room_id, str(participant.id))
        word = token_urlsafe(24)
        valid = at + TICKET_TTL > self._clock.now()
        if valid and not await self._words.is_out(room_id, participant.id):
            await self._words.add(room_id, participant.id, word, at + TICKET_TTL)
            await self._allow(room_id, "add", [word])
        servers = turn_servers(self._turn_urls, self._turn_secret, participant.id, at)
        token = f"{room_id}.{participant.id}.{word}"
        return JoinTicket(self.name, self._public_url, token, servers, at + TICKET_TTL)

    async def present(self, room_id: UUID) -> Heard:
        """Those who are joined and whose media connection is up."""
        at = self._clock.now()
        return Heard(at, _heard(await self._people(room_id)))

    async def eject(self, room_id: UUID, participant_id: UUID) -> None:
        """Kick, and take their words away first."""
        await self._words.send_out(room_id, participant_id)
        await self._allow(room_id, "remove", await self._words.take(room_id, participant_id))
        await self._kick(room_id, str(participant_id))

    async def set_muted(
        self, room_id: UUID, participant_id: UUID, source: Source, muted: bool
    ) -> None:
        """Moderate the stream that its owner described as this source."""
        for mid in await self._sections(room_id, participant_id, source):
            async with self._handle() as handle:
                await self._quiet(
                    handle.request(
                        request="moderate",
                        id=str(participant_id),
                        mid=mid,
                        mute=muted,
                        **self._of(room_id),
                    )
                )

    async def close_room(self, room_id: UUID) -> None:
        """Destroy it."""
        self._limits.forget(room_id)
        await self._words.drop_room(room_id)
        async with self._handle() as handle:
            await self._quiet(handle.request(request="destroy", **self._of(room_id)))

    async def events(self) -> AsyncIterator[EngineEvent]:
        """Who came and who is gone, by looking every second; Janus's tracks are not told."""
        looking = Looking()
        while True:
            rooms = await self._words.rooms()
            for room_id in rooms | looking.rooms:
                now = _heard(await self._people(room_id)) if room_id in rooms else frozenset()
                if room_id in rooms:
                    await self._tidy(room_id)
                came, gone = looking.moved(room_id, now)
                at = self._clock.now()
                for who in came:
                    yield Joined(room_id, who, at)
                for who in gone:
                    yield WasLeft(room_id, who, at, await self._why(room_id, who, rooms))
            await asyncio.sleep(LOOK_S)

    async def close(self) -> None:
        """Give back the connection."""
        if self._session is not None:
            await self._session.close()
        await self._words.close()

    async def _tidy(self, room_id: UUID) -> None:
        """Words that were used or are too old open nothing more; strangers go."""
        people = [one["id"] for one in await self._people(room_id)]
        here = {UUID(one) for one in people if not one.startswith(OBSERVER)}
        worn = await self._words.worn(room_id, here, self._clock.now())
        await self._allow(room_id, "remove", worn)
        for stranger in here - await self._words.expected(room_id):
            await self._kick(room_id, str(stranger))

    async def _people(self, room_id: UUID) -> list[dict[str, Any]]:
        async with self._handle() as handle:
            try:
                answer = await handle.request(request="listparticipants", **self._of(room_id))
            except JanusRefused as refused:
                if refused.code == NO_SUCH_ROOM:
                    return []
                raise
        found: list[dict[str, Any]] = answer.data["participants"]
        return found

    async def _sections(self, room_id: UUID, participant_id: UUID, source: Source) -> list[str]:
        """The m-sections of somebody's source, as Janus tells those who are in the room."""
        word, me = token_urlsafe(24), OBSERVER + token_urlsafe(8)
        await self._allow(room_id, "add", [word])
        try:
            async with self._handle() as handle:
                answer = await self._quiet(
                    handle.request(
                        request="join", ptype="publisher", id=me, token=word, **self._of(room_id)
                    )
                )
        finally:
            await self._allow(room_id, "remove", [word])
        return [
            stream["mid"]
            for publisher in answer.get("publishers", [])
            if publisher["id"] == str(participant_id)
            for stream in publisher["streams"]
            if stream.get("description") == source
        ]

    async def _kick(self, room_id: UUID, who: str) -> None:
        async with self._handle() as handle:
            await self._quiet(handle.request(request="kick", id=who, **self._of(room_id)))

    async def _allow(self, room_id: UUID, action: str, words: Sequence[str]) -> None:
        if not words:
            return
        async with self._handle() as handle:
            await self._quiet(
                handle.request(
                    request="allowed", action=action, allowed=list(words), **self._of(room_id)
                )
            )

    async def _quiet(self, asking: Any) -> dict[str, Any]:
        """The answer; nothing when room or participant are not there (any more)."""
        try:
            answer = await asking
        except JanusRefused as refused:
            if refused.code in (NO_SUCH_ROOM, NO_SUCH_FEED):
                return {}
            raise
        data: dict[str, Any] = answer.data
        return data

    def _of(self, room_id: UUID) -> dict[str, Any]:
        """Room and secret: who knows the secret may change the room."""
        secret = hmac.new(self._key, room_id.bytes, sha256).hexdigest()
        return {"room": str(room_id), "secret": secret}

    @asynccontextmanager
    async def _handle(self) -> AsyncIterator[Handle]:
        async with self._opening:
            if self._session is None or self._session.over:
                self._session = await open_session(self._url)
        handle = await self._session.attach()
        try:
            yield handle
        finally:
            await handle.detach()


def _heard(people: Sequence[dict[str, Any]]) -> frozenset[UUID]:
    return frozenset(UUID(one["id"]) for one in people if one["publisher"] and _is_one(one))


def _is_one(person: dict[str, Any]) -> bool:
    return not str(person["id"]).startswith(OBSERVER)
