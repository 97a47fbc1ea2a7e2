"""A room's door, with the real engine's side of it: tickets, leases, presence in a real Valkey."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import msgspec
import pytest
from redis.asyncio import Redis

from consult.media.forward.directory import Directory, WorkerFacts
from consult.media.forward.engine import ForwardEngine
from consult.media.tokens import TokenKey
from consult.rooms import queries, service, tickets
from consult.rooms.keeping import LEFT, RoomKeeper
from consult.rooms.schemas import AdmissionOut, RoomOut, RoomView, TicketOut
from consult.rooms.states import AdmissionAction
from kernel.ids import CaseId
from tests.consult.requests.table import Table
from tests.referral.network import Network

MASTER = b"m" * 32
KEY = TokenKey(MASTER)
WORKER = "wss://media.test/1"


@dataclass(slots=True)
class Door:
    """One network's rooms; `beat` is what a media worker says of whom it hears."""

    table: Table
    engine: ForwardEngine
    directory: Directory
    keeper: RoomKeeper

    @property
    def net(self) -> Network:
        """The network."""
        return self.table.net

    async def beat(self, rooms: dict[UUID, list[UUID]] | None = None, worker: str = WORKER) -> None:
        """A worker lives and hears these."""
        facts = WorkerFacts(url=worker, pps=0, lag_ms=0.0, rooms=len(rooms or {}))
        await self.directory.beat(facts, rooms or {}, self.net.clock.now())

    async def accepted(self, by: str = "city_expert", **more: object) -> UUID:
        """A consultation that somebody has said yes to."""
        consult = await self.table.ask(**more)  # type: ignore[arg-type]
        await self.table.answer(by, consult, "accept")
        return consult

    async def open(self, consult: UUID, by: str = "county_doctor") -> RoomOut:
        """Open its room."""
        viewer = self.net.staff[by]
        async with self.net.clone.app.session(viewer) as session:
            await service.open_room(session, self.net.clock, viewer, self.engine, consult)
        return await self.room(consult, by)

    async def look(self, consult: UUID, by: str) -> RoomView:
        """The room as somebody sees it."""
        viewer = self.net.staff[by]
        async with self.net.clone.app.session(viewer) as session:
            return await queries.of_consult(session, self.net.clock, viewer, consult)

    async def room(self, consult: UUID, by: str = "county_doctor") -> RoomOut:
        """Its room, which is there."""
        found = (await self.look(consult, by)).room
        assert found is not None
        return found

    async def enter(self, by: str, room: RoomOut) -> AdmissionOut:
        """Come in, or wait."""
        viewer = self.net.staff[by]
        async with self.net.clone.app.session(viewer) as session:
            await service.come_in(session, self.net.clock, viewer, room.id)
        return next(
            one for one in reversed((await self.room(room.consult_id, by)).people) if one.mine
        )

    async def decide(self, by: str, room: RoomOut, who: AdmissionOut, action: str) -> None:
        """Let in, refuse, send out."""
        viewer = self.net.staff[by]
        async with self.net.clone.app.session(viewer) as session:
            await service.decide(
                session, self.net.clock, viewer, self.engine, room.id, who.id,
                AdmissionAction(action),
            )  # fmt: skip

    async def ticket(self, by: str, room: RoomOut) -> TicketOut:
        """A ticket."""
        viewer = self.net.staff[by]
        async with self.net.clone.app.session(viewer) as session:
            return await tickets.give(session, self.net.clock, viewer, self.engine, room.id)

    async def end(self, by: str, room: RoomOut) -> None:
        """Close it."""
        viewer = self.net.staff[by]
        async with self.net.clone.app.session(viewer) as session:
            await service.end(session, self.net.clock, viewer, self.engine, room.id)

    async def kinds(self, consult: UUID) -> list[str]:
        """What the room wrote on the case's chain."""
        found = await self.table.kinds(consult)
        return [kind for kind in found if kind.startswith("room.")]

    async def whys(self, consult: UUID) -> list[str]:
        """Of everybody who was no longer there, why, as the case's chain says."""
        found = await self.net.events(CaseId(consult))
        return [
            msgspec.json.decode(one.row.payload)["why"] for one in found if one.row.kind == LEFT
        ]


@pytest.fixture
async def door(net: Network, valkey_url: str) -> AsyncIterator[Door]:
    """A door with one worker behind it."""
    valkey = Redis.from_url(valkey_url)
    engine = ForwardEngine(valkey, KEY, ["turn:turn.test:3478"], "secret")
    keeper = RoomKeeper(net.clone.system, net.clock, engine)
    door = Door(Table(net), engine, Directory(valkey), keeper)
    await door.beat()
    yield door
    await engine.close()
