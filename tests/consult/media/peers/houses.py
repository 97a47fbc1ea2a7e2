"""Engines that run, for tests: how they are started, and how peers speak to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from redis.asyncio import Redis

from consult.media.engine import Grants, JoinTicket, MediaEngine, Participant, Role, RoomPolicy
from consult.media.errors import MediaUnavailable
from consult.media.forward.engine import ForwardEngine
from consult.media.tokens import TokenKey
from kernel.clock import SystemClock
from kernel.ids import new_id
from tests.consult.media.forward import worker_process
from tests.consult.media.peers.clip import clip
from tests.consult.media.peers.forward import ForwardSignalling
from tests.consult.media.peers.peer import Peer, Signalling
from tests.fixtures.ports import free_port


@dataclass(slots=True)
class House:
    """An engine, one room in it, and who is there."""

    engine: MediaEngine
    signalling: Callable[[], Signalling]
    room: UUID = field(default_factory=lambda: UUID(int=new_id().int))
    peers: dict[UUID, Peer] = field(default_factory=dict)

    async def ticket(self, who: Participant, grants: Grants | None = None) -> JoinTicket:
        """A fresh one."""
        return await self.engine.issue_join(self.room, who, grants or Grants(), SystemClock().now())

    async def enter(self, people: int) -> list[Peer]:
        """So many come at once."""
        made = [(Participant(new_id(), Role.EXPERT), Peer(self.signalling)) for _ in range(people)]
        tickets = [await self.ticket(who) for who, _ in made]
        entering = (peer.enter(one) for (_, peer), one in zip(made, tickets, strict=True))
        answers = await asyncio.gather(*entering)
        assert set(answers) == {"welcome"}
        self.peers |= {who.id: peer for who, peer in made}
        return [peer for _, peer in made]

    async def close(self) -> None:
        """Everybody out."""
        for peer in self.peers.values():
            await peer.leave()
        await self.engine.close()


@asynccontextmanager
async def forward_house(valkey_url: str) -> AsyncIterator[House]:
    """Our own worker, in a process of its own."""
    clip()  # encoded before anybody waits for it
    engine = ForwardEngine(Redis.from_url(valkey_url), TokenKey(worker_process.MASTER))
    house = House(engine, ForwardSignalling)
    process = worker_process.spawn(free_port(), valkey_url)
    try:
        async with asyncio.timeout(30):
            while True:
                try:
                    await engine.ensure_room(house.room, RoomPolicy())
                    break
                except MediaUnavailable:
                    await asyncio.sleep(0.1)
        yield house
    finally:
        await house.close()
        process.kill()
        process.wait()
