"""The words that open Janus's rooms: whose they are, and until when."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from redis.asyncio import Redis

from consult.media.remembered import Remembered, asked, text

KEPT_S: Final = 86_400
"""A room that nobody closed is forgotten after a day."""


class Words(Remembered):
    """What is remembered of Janus's rooms."""

    def __init__(self, valkey: Redis) -> None:
        super().__init__(valkey, "janus")

    async def drop_room(self, room_id: UUID) -> None:
        """It is closed, and its words with it."""
        await super().drop_room(room_id)
        async with asked():
            await self.valkey.delete(self._words(room_id), self._expected(room_id))

    async def add(self, room_id: UUID, participant_id: UUID, word: str, until: datetime) -> None:
        """A ticket was issued."""
        async with asked(), self.valkey.pipeline() as pipe:
            pipe.hset(self._words(room_id), word, f"{participant_id} {until.timestamp():.0f}")
            pipe.sadd(self._expected(room_id), str(participant_id))
            pipe.expire(self._words(room_id), KEPT_S)
            pipe.expire(self._expected(room_id), KEPT_S)
            await pipe.execute()

    async def take(self, room_id: UUID, participant_id: UUID) -> list[str]:
        """Somebody's words, that are ours no longer."""
        return await self._taken(room_id, lambda who, _until: who == participant_id)

    async def worn(self, room_id: UUID, here: Collection[UUID], at: datetime) -> list[str]:
        """Words of those who are in the room, and those too old; ours no longer."""
        return await self._taken(room_id, lambda who, until: who in here or until <= at.timestamp())

    async def expected(self, room_id: UUID) -> set[UUID]:
        """Everybody who was given a ticket."""
        async with asked():
            found = await cast(Awaitable[set[Any]], self.valkey.smembers(self._expected(room_id)))
        return {UUID(text(one)) for one in found}

    async def _taken(self, room_id: UUID, which: Callable[[UUID, float], bool]) -> list[str]:
        async with asked():
            all_words = await cast(
                Awaitable[dict[Any, Any]], self.valkey.hgetall(self._words(room_id))
            )
            found = []
            for word, of in all_words.items():
                who, until = text(of).split()
                if which(UUID(who), float(until)):
                    found.append(text(word))
            if found:
                await self.valkey.hdel(self._words(room_id), *found)
        return found

    def _words(self, room_id: UUID) -> str:
        return f"{self.prefix}:words:{room_id}"

    def _expected(self, room_id: UUID) -> str:
        return f"{self.prefix}:expected:{room_id}"
