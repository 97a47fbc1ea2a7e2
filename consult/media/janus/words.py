"""The words that open Janus's rooms: whose they are, until when. In Valkey, for all processes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Collection
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError

from consult.media.engine import TICKET_TTL
from consult.media.errors import MediaUnavailable

ROOMS: Final = "media:janus:rooms"
KEPT_S: Final = 86_400
"""A room that nobody closed is forgotten after a day."""


class Words:
    """Every method raises `MediaUnavailable` when Valkey cannot be asked."""

    def __init__(self, valkey: Redis) -> None:
        self._valkey = valkey

    async def add_room(self, room_id: UUID) -> None:
        """A room of ours is there."""
        async with _asked():
            await self._valkey.sadd(ROOMS, str(room_id))

    async def drop_room(self, room_id: UUID) -> None:
        """It is closed."""
        async with _asked():
            await self._valkey.srem(ROOMS, str(room_id))
            await self._valkey.delete(_words(room_id), _expected(room_id))

    async def rooms(self) -> set[UUID]:
        """Those that are there."""
        async with _asked():
            found = await cast(Awaitable[set[Any]], self._valkey.smembers(ROOMS))
        return {UUID(_text(one)) for one in found}

    async def add(self, room_id: UUID, participant_id: UUID, word: str, until: datetime) -> None:
        """A ticket was issued."""
        async with _asked(), self._valkey.pipeline() as pipe:
            pipe.hset(_words(room_id), word, f"{participant_id} {until.timestamp():.0f}")
            pipe.sadd(_expected(room_id), str(participant_id))
            pipe.expire(_words(room_id), KEPT_S)
            pipe.expire(_expected(room_id), KEPT_S)
            await pipe.execute()

    async def take(self, room_id: UUID, participant_id: UUID) -> list[str]:
        """Somebody's words, that are ours no longer."""
        return await self._taken(room_id, lambda who, _until: who == participant_id)

    async def worn(self, room_id: UUID, here: Collection[UUID], at: datetime) -> list[str]:
        """Words of those who are in the room, and those too old; ours no longer."""
        return await self._taken(room_id, lambda who, until: who in here or until <= at.timestamp())

    async def expected(self, room_id: UUID) -> set[UUID]:
        """Everybody who was given a ticket."""
        async with _asked():
            found = await cast(Awaitable[set[Any]], self._valkey.smembers(_expected(room_id)))
        return {UUID(_text(one)) for one in found}

    async def send_out(self, room_id: UUID, participant_id: UUID) -> None:
        """Their tickets are void from now on."""
        async with _asked():
            key, until = _out(room_id, participant_id), 2 * int(TICKET_TTL.total_seconds())
            await self._valkey.set(key, b"1", ex=until)

    async def is_out(self, room_id: UUID, participant_id: UUID) -> bool:
        """Whether they were sent out."""
        async with _asked():
            return bool(await self._valkey.exists(_out(room_id, participant_id)))

    async def close(self) -> None:
        """Give back the connection."""
        await self._valkey.aclose()

    async def _taken(self, room_id: UUID, which: Any) -> list[str]:
        async with _asked():
            all_words = await cast(Awaitable[dict[Any, Any]], self._valkey.hgetall(_words(room_id)))
            found = []
            for word, of in all_words.items():
                who, until = _text(of).split()
                if which(UUID(who), float(until)):
                    found.append(_text(word))
            if found:
                await self._valkey.hdel(_words(room_id), *found)
        return found


@asynccontextmanager
async def _asked() -> AsyncIterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise MediaUnavailable() from error


def _words(room_id: UUID) -> str:
    return f"media:janus:words:{room_id}"


def _expected(room_id: UUID) -> str:
    return f"media:janus:expected:{room_id}"


def _out(room_id: UUID, participant_id: UUID) -> str:
    return f"media:janus:out:{room_id}:{participant_id}"


def _text(raw: bytes | str) -> str:
    return raw if isinstance(raw, str) else raw.decode()
