"""Engines that run, for tests: how they are started, and how peers speak to them."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from redis.asyncio import Redis

from consult.media.engine import (
    EngineEvent,
    Grants,
    JoinTicket,
    MediaEngine,
    Participant,
    Role,
    RoomPolicy,
)
from consult.media.errors import MediaUnavailable
from consult.media.forward.engine import ForwardEngine
from consult.media.janus.engine import JanusEngine
from consult.media.recording.shelf import Shelf
from consult.media.tokens import TokenKey
from kernel.clock import SystemClock
from kernel.ids import new_id
from tests.consult.media.forward import worker_process
from tests.consult.media.peers import janus_process
from tests.consult.media.peers.clip import clip
from tests.consult.media.peers.forward import ForwardSignalling
from tests.consult.media.peers.janus import JanusSignalling
from tests.consult.media.peers.peer import Peer, Signalling
from tests.fixtures.ports import free_port


@dataclass(slots=True)
class House:
    """An engine, one room in it, and who is there."""

    engine: MediaEngine
    process: subprocess.Popen[bytes]
    signalling: Callable[[], Signalling]
    shelf: Shelf | None = None
    """Where it records, if it does."""
    room: UUID = field(default_factory=lambda: UUID(int=new_id().int))
    peers: dict[UUID, Peer] = field(default_factory=dict)
    events: list[EngineEvent] = field(default_factory=list)
    _listening: asyncio.Task[None] | None = None

    @property
    def records(self) -> bool:
        """Whether this engine can."""
        return self.shelf is not None

    async def listen(self) -> None:
        """Keep what the engine tells from now on."""

        async def hear() -> None:
            async for event in self.engine.events():
                self.events.append(event)

        self._listening = asyncio.create_task(hear())

    def told(self, kind: type[EngineEvent]) -> list[EngineEvent]:
        """What was told of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    async def ticket(self, who: Participant, grants: Grants | None = None) -> JoinTicket:
        """A fresh one."""
        return await self.engine.issue_join(self.room, who, grants or Grants(), SystemClock().now())

    async def enter(self, people: int) -> list[UUID]:
        """So many come at once; who they are."""
        made = [(somebody(), Peer(self.signalling)) for _ in range(people)]
        self.peers |= {who.id: peer for who, peer in made}
        tickets = [await self.ticket(who) for who, _ in made]
        entering = (peer.enter(one) for (_, peer), one in zip(made, tickets, strict=True))
        answers = await asyncio.gather(*entering)
        assert set(answers) == {"welcome"}
        return [who.id for who, _ in made]

    async def knock(self, ticket: JoinTicket) -> str:
        """Somebody shows a ticket; what the engine says to it."""
        peer = Peer(self.signalling)
        try:
            return await peer.enter(ticket)
        finally:
            await peer.leave()

    async def close(self) -> None:
        """Everybody out."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        for peer in self.peers.values():
            await peer.leave()
        await self.engine.close()


@asynccontextmanager
async def forward_house(valkey_url: str, place: Path) -> AsyncIterator[House]:
    """Our own worker, in a process of its own."""
    clip()  # encoded before anybody waits for it
    await worker_process.forget_others(valkey_url)
    engine = ForwardEngine(Redis.from_url(valkey_url), TokenKey(worker_process.MASTER))
    process = worker_process.spawn(free_port(), valkey_url, recordings=place / "recordings")
    shelf = Shelf(place / "recordings", worker_process.MASTER)
    house = House(engine, process, ForwardSignalling, shelf)
    try:
        await _ready(house)
        yield house
    finally:
        await house.close()
        process.kill()
        process.wait()


@asynccontextmanager
async def janus_house(valkey_url: str, place: Path) -> AsyncIterator[House]:
    """A real Janus, in a process of its own."""
    clip()
    port = free_port()
    process = janus_process.spawn(place / "janus", port)
    engine = JanusEngine(
        f"ws://127.0.0.1:{port}/",
        janus_process.ADMIN_KEY,
        Redis.from_url(valkey_url),
        worker_process.MASTER,
    )
    house = House(engine, process, JanusSignalling)
    try:
        await _ready(house)
        yield house
    finally:
        await house.close()
        process.terminate()
        process.wait()


def somebody(who: UUID | None = None) -> Participant:
    """Somebody, or somebody anew."""
    return Participant(who or UUID(int=new_id().int), Role.EXPERT)


async def _ready(house: House) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                await house.engine.ensure_room(house.room, RoomPolicy())
                return
            except MediaUnavailable:
                await asyncio.sleep(0.1)
