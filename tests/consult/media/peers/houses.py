"""Engines that run, for tests: how they are started, and how peers speak to them."""

from __future__ import annotations

import asyncio
import subprocess
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar
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
from tests.consult.media.peers.relay_process import SECRET
from tests.fixtures.ports import free_port

Told = TypeVar("Told", bound=EngineEvent)

RELAYS: Final = ("turn:turn.test:3478",)


CLOSING_S = 60
"""A house that does not close by then fails its test; it does not hold up all others."""


@dataclass(frozen=True, slots=True)
class Can:
    """What an engine can, as docs/video.md says; it is held to what it cannot, too."""

    carry: bool = True
    """Sound and pictures flow in tests: there is a live server."""
    record: bool = False
    cap: bool = False
    """Be told how large a picture somebody is sent at most."""
    void: bool = True
    """Take a ticket back: once it was used, or its bearer sent out, it opens nothing."""


@dataclass(kw_only=True)
class House(ABC):
    """An engine, one room in it, and who is there."""

    engine: MediaEngine
    can: Can
    signalling: Callable[[], Signalling]
    room: UUID = field(default_factory=lambda: UUID(int=new_id().int))
    peers: dict[UUID, Peer] = field(default_factory=dict)
    events: list[EngineEvent] = field(default_factory=list)
    _listening: asyncio.Task[None] | None = None

    @abstractmethod
    def lose(self) -> None:
        """What carries the rooms is gone, without a word."""

    def guest(self, who: Participant) -> Peer:
        """Somebody who stands before the door."""
        made = self.peers[who.id] = Peer(self.signalling, listens=not self.can.carry)
        return made

    async def listen(self) -> None:
        """Keep what the engine tells from now on."""

        async def hear() -> None:
            async for event in self.engine.events():
                self.events.append(event)

        self._listening = asyncio.create_task(hear())

    def told(self, kind: type[Told]) -> list[Told]:
        """What was told of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    async def ticket(self, who: Participant, grants: Grants | None = None) -> JoinTicket:
        """A fresh one."""
        return await self.engine.issue_join(self.room, who, grants or Grants(), SystemClock().now())

    async def enter(self, people: int) -> list[UUID]:
        """So many come at once; who they are."""
        made = [(who, self.guest(who)) for who in (somebody() for _ in range(people))]
        tickets = [await self.ticket(who) for who, _ in made]
        entering = (peer.enter(one) for (_, peer), one in zip(made, tickets, strict=True))
        answers = await asyncio.gather(*entering)
        assert set(answers) == {"welcome"}
        return [who.id for who, _ in made]

    async def knock(self, ticket: JoinTicket) -> str:
        """Somebody shows a ticket; what the engine says to it."""
        peer = Peer(self.signalling, listens=not self.can.carry)
        try:
            return await peer.enter(ticket)
        finally:
            await peer.leave()

    async def close(self) -> None:
        """Everybody out."""
        # A cancelling that meets a time-out in the same turn of the loop is lost (Python 3.11).
        while self._listening is not None and not self._listening.done():
            self._listening.cancel()
            await asyncio.wait({self._listening}, timeout=1)
        if self._listening is not None:
            await asyncio.gather(self._listening, return_exceptions=True)
        async with asyncio.timeout(CLOSING_S):
            for peer in self.peers.values():
                await peer.leave()
            await self.engine.close()


@dataclass(kw_only=True)
class RunningHouse(House):
    """Sound and pictures flow through a process of its own."""

    process: subprocess.Popen[bytes]
    shelf: Shelf | None = None
    """Where it records, if it does."""

    def lose(self) -> None:
        """As a power cut does."""
        self.process.kill()
        self.process.wait()


@asynccontextmanager
async def forward_house(valkey_url: str, place: Path) -> AsyncIterator[RunningHouse]:
    """Our own worker, in a process of its own."""
    clip()  # encoded before anybody waits for it
    await worker_process.forget_others(valkey_url)
    engine = ForwardEngine(
        Redis.from_url(valkey_url), TokenKey(worker_process.MASTER), RELAYS, SECRET
    )
    process = worker_process.spawn(free_port(), valkey_url, recordings=place / "recordings")
    house = RunningHouse(
        engine=engine,
        can=Can(record=True, cap=True),
        signalling=ForwardSignalling,
        process=process,
        shelf=Shelf(place / "recordings", worker_process.MASTER),
    )
    try:
        await _ready(house)
        yield house
    finally:
        await house.close()
        process.kill()
        process.wait()


@asynccontextmanager
async def janus_house(valkey_url: str, place: Path) -> AsyncIterator[RunningHouse]:
    """A real Janus, in a process of its own."""
    clip()
    port = free_port()
    process = janus_process.spawn(place / "janus", port)
    engine = JanusEngine(
        f"ws://127.0.0.1:{port}/",
        janus_process.ADMIN_KEY,
        Redis.from_url(valkey_url),
        worker_process.MASTER,
        turn_urls=RELAYS,
        turn_secret=SECRET,
    )
    house = RunningHouse(engine=engine, can=Can(), signalling=JanusSignalling, process=process)
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
