"""What is remembered of rooms that a foreign engine carries. In Valkey, for all processes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, cast
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError

from consult.media.engine import TICKET_TTL
from consult.media.errors import MediaUnavailable


class Remembered:
    """Which rooms are ours, and who was sent out of them.

    Every method raises `MediaUnavailable` when Valkey cannot be asked.
    """

    def __init__(self, valkey: Redis, engine: str) -> None:
        self.valkey = valkey
        self.prefix = f"media:{engine}"

    async def add_room(self, room_id: UUID) -> None:
        """A room of ours is there."""
        async with asked():
            await self.valkey.sadd(f"{self.prefix}:rooms", str(room_id))

    async def drop_room(self, room_id: UUID) -> None:
        """It is closed."""
        async with asked():
            await self.valkey.srem(f"{self.prefix}:rooms", str(room_id))

    async def rooms(self) -> set[UUID]:
        """Those that are there."""
        async with asked():
            found = await cast(Awaitable[set[Any]], self.valkey.smembers(f"{self.prefix}:rooms"))
        return {UUID(text(one)) for one in found}

    async def send_out(self, room_id: UUID, participant_id: UUID) -> None:
        """Their tickets are void from now on."""
        async with asked():
            until = 2 * int(TICKET_TTL.total_seconds())
            await self.valkey.set(self._out(room_id, participant_id), b"1", ex=until)

    async def is_out(self, room_id: UUID, participant_id: UUID) -> bool:
        """Whether they were sent out."""
        async with asked():
            return bool(await self.valkey.exists(self._out(room_id, participant_id)))

    async def call(self, room_id: UUID) -> None:
        """Something happened in a room: whoever looks at rooms does so now."""
        async with asked():
            await self.valkey.publish(f"{self.prefix}:calls", str(room_id))

    @asynccontextmanager
    async def calls(self) -> AsyncIterator[Callable[[float], Awaitable[UUID | None]]]:
        """Asks for the next room that is called, for so many seconds at most."""
        async with asked(), self.valkey.pubsub(ignore_subscribe_messages=True) as listening:
            await listening.subscribe(f"{self.prefix}:calls")

            async def called(seconds: float) -> UUID | None:
                async with asked():
                    message = await listening.get_message(timeout=seconds)
                return None if message is None else UUID(text(message["data"]))

            yield called

    async def close(self) -> None:
        """Give back the connection."""
        await self.valkey.aclose()

    def _out(self, room_id: UUID, participant_id: UUID) -> str:
        return f"{self.prefix}:out:{room_id}:{participant_id}"


@asynccontextmanager
async def asked() -> AsyncIterator[None]:
    """Around a question to Valkey."""
    try:
        yield
    except (RedisError, OSError) as error:
        raise MediaUnavailable() from error


def text(raw: bytes | str) -> str:
    """What Valkey keeps, as text."""
    return raw if isinstance(raw, str) else raw.decode()
