"""Which workers live, how they are, and which of them holds a room. All of it in Valkey.

Nothing here must survive: a lost key costs a client one more ticket. A worker is named by its
address, so that one that was killed and started again takes its rooms over at once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterable
from datetime import UTC, datetime
from typing import Final, cast
from uuid import UUID

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from consult.media.engine import RECORDING_TTL, TICKET_TTL, Heard, Recording
from consult.media.errors import MediaUnavailable

BEAT_S: Final = 2.0
DEAD_S: Final = 5
LEASE_S: Final = 15
LAG_LIMIT_MS: Final = 20.0
PPS_LIMIT: Final = 10_000
"""Packets out per second that one worker is given; see docs/video.md."""
EVENTS: Final = "media:events"
READ_S: Final = 4.0
"""Shorter than the client's own limit on a silent line: quiet is no failure."""
SILENCE: Final = Heard(datetime.min.replace(tzinfo=UTC))
"""No worker said anything of a room."""

_LEASE: Final = """
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] and held ~= ARGV[3] then return held end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return ARGV[1]
"""
"""One step, or two callers that replace the same lost worker place a room twice."""


class WorkerFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A worker's heartbeat."""

    url: str
    pps: int
    lag_ms: float
    rooms: int


def choose(workers: Iterable[WorkerFacts]) -> WorkerFacts | None:
    """The worker for a new room: the least busy; one that is behind only if all are."""
    known = list(workers)
    free = [found for found in known if found.lag_ms <= LAG_LIMIT_MS and found.pps < PPS_LIMIT]
    return min(free or known, key=lambda found: (found.pps, found.rooms, found.url), default=None)


class Directory:
    """Reads and writes of the directory.

    Every method raises `MediaUnavailable` when Valkey cannot be asked.
    """

    def __init__(self, valkey: Redis) -> None:
        self.valkey = valkey

    async def beat(
        self, facts: WorkerFacts, rooms: dict[UUID, list[UUID]], at: datetime
    ) -> list[UUID]:
        """A worker lives; its leases go on, and who was heard in each room at `at`.

        Returns:
            Rooms that another worker holds by now, after this one was not heard for a while.
        """
        lost = []
        try:
            await self.valkey.set(
                f"media:worker:{facts.url}", msgspec.json.encode(facts), ex=DEAD_S
            )
            for room_id, people in rooms.items():
                if await self._lease(room_id, facts.url) != facts.url:
                    lost.append(room_id)
                    continue
                here = msgspec.json.encode(Heard(at, frozenset(people)))
                await self.valkey.set(f"media:here:{room_id}", here, ex=DEAD_S)
        except (RedisError, OSError) as error:
            raise MediaUnavailable() from error
        return lost

    async def _lease(self, room_id: UUID, url: str, dead: str = "") -> str:
        """Take the room for `url`, or go on holding it, unless another one than `dead` does."""
        answer = self.valkey.eval(_LEASE, 1, f"media:room:{room_id}", url, LEASE_S, dead)
        return _text(await cast(Awaitable[bytes], answer))

    async def workers(self) -> list[WorkerFacts]:
        """Those that beat lately."""
        try:
            keys = [key async for key in self.valkey.scan_iter("media:worker:*", count=100)]
            raw = await self.valkey.mget(keys) if keys else []
        except (RedisError, OSError) as error:
            raise MediaUnavailable() from error
        return [msgspec.json.decode(found, type=WorkerFacts) for found in raw if found]

    async def place(self, room_id: UUID) -> str:
        """The address of the worker that holds the room, chosen now if none that lives does."""
        workers = await self.workers()
        alive = {found.url for found in workers}
        chosen = choose(workers)
        if chosen is None:
            raise MediaUnavailable()
        try:
            held = await self.valkey.get(f"media:room:{room_id}")
            if held is not None and _text(held) in alive:
                return _text(held)
            return await self._lease(room_id, chosen.url, "" if held is None else _text(held))
        except (RedisError, OSError) as error:
            raise MediaUnavailable() from error

    async def holds(self, room_id: UUID, url: str) -> bool:
        """Whether the room is this worker's; taken now when it is nobody's."""
        try:
            return await self._lease(room_id, url) == url
        except (RedisError, OSError) as error:
            raise MediaUnavailable() from error

    async def present(self, room_id: UUID) -> Heard:
        """Who is heard in the room, by its worker's last heartbeat."""
        try:
            raw = await self.valkey.get(f"media:here:{room_id}")
        except (RedisError, OSError) as error:
            raise MediaUnavailable() from error
        return msgspec.json.decode(raw, type=Heard) if raw else SILENCE

    async def burn(self, jti: UUID) -> bool:
        """Use a token up; False if it was used before."""
        try:
            key = f"media:jti:{jti}"
            fresh = await self.valkey.set(
                key, b"1", nx=True, ex=2 * int(TICKET_TTL.total_seconds())
            )
        except (RedisError, OSError) as error:
            raise MediaUnavailable() from error
        return bool(fresh)

    async def send_out(self, room_id: UUID, participant_id: UUID) -> None:
        """Void the tickets of somebody who is sent out."""
        try:
            key = f"media:out:{room_id}:{participant_id}"
            await self.valkey.set(key, b"1", ex=2 * int(TICKET_TTL.total_seconds()))
        except (RedisError, OSError) as error:
            raise MediaUnavailable() from error

    async def sent_out(self, people: list[tuple[UUID, UUID]]) -> list[tuple[UUID, UUID]]:
        """Which of these (room, participant) were sent out."""
        if not people:
            return []
        try:
            raw = await self.valkey.mget([f"media:out:{room}:{who}" for room, who in people])
        except (RedisError, OSError) as error:
            raise MediaUnavailable() from error
        return [pair for pair, found in zip(people, raw, strict=True) if found]

    async def ask_recording(self, room_id: UUID, recording: Recording | None) -> None:
        """Who agreed to be recorded, kept for `RECORDING_TTL`; None ends it."""
        key = f"media:recording:{room_id}"
        try:
            if recording is None:
                await self.valkey.delete(key)
            else:
                await self.valkey.set(key, msgspec.json.encode(recording), ex=RECORDING_TTL)
        except (RedisError, OSError) as error:
            raise MediaUnavailable() from error

    async def recordings(self, rooms: list[UUID]) -> dict[UUID, Recording | None]:
        """What is to be recorded of these rooms."""
        if not rooms:
            return {}
        try:
            raw = await self.valkey.mget([f"media:recording:{room_id}" for room_id in rooms])
        except (RedisError, OSError) as error:
            raise MediaUnavailable() from error
        return {
            room_id: msgspec.json.decode(found, type=Recording) if found else None
            for room_id, found in zip(rooms, raw, strict=True)
        }


async def heard(valkey: Redis, channel: str) -> AsyncIterator[bytes]:
    """What is said on a channel from now on.

    Raises:
        MediaUnavailable: Valkey is away.
    """
    try:
        async with valkey.pubsub(ignore_subscribe_messages=True) as listening:
            await listening.subscribe(channel)
            while True:
                message = await listening.get_message(timeout=READ_S)
                if message is not None:
                    yield message["data"]
    except (RedisError, OSError) as error:
        raise MediaUnavailable() from error


def _text(raw: bytes | str) -> str:
    return raw if isinstance(raw, str) else raw.decode()
