"""A room with both sides in it, and a recorder's folder."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

from consult.media.engine import Recording
from consult.media.recording.shelf import Shelf
from consult.rooms.recording import queries, service
from consult.rooms.recording.keeping import RecordingKeeper
from consult.rooms.recording.rules import RULES
from consult.rooms.recording.schemas import AgreeRecording, KeptRecording, RoomRecording
from consult.rooms.recording.states import AnswerAction
from consult.rooms.schemas import AdmissionOut, RoomOut
from tests.consult.media.peers.film import film
from tests.consult.rooms.conftest import Door

YES = AgreeRecording(beside="nobody", text_version=RULES.consent.version)


@dataclass(slots=True)
class Studio:
    """A room where one may be recorded."""

    door: Door
    consult: UUID
    room: RoomOut
    people: dict[str, AdmissionOut]
    shelf: Shelf
    keeper: RecordingKeeper

    async def ask(self, by: str = "county_doctor", new: AgreeRecording = YES) -> RoomRecording:
        """Ask, and agree oneself."""
        viewer = self.door.net.staff[by]
        async with self.door.net.clone.app.session(viewer) as session:
            await service.ask(
                session, self.door.net.clock, viewer, self.door.engine, self.room.id, new
            )
        return await self.seen(by)

    async def answer(self, by: str, action: str, agreement: AgreeRecording | None = None) -> None:
        """Say it for oneself."""
        viewer, found = self.door.net.staff[by], await self.seen("county_doctor")
        agreement = agreement or (YES if action == "agree" else None)
        async with self.door.net.clone.app.session(viewer) as session:
            await service.answer(
                session, self.door.net.clock, viewer, self.door.engine, found.id,
                AnswerAction(action), agreement,
            )  # fmt: skip

    async def stop(self, by: str) -> None:
        """End it."""
        viewer, found = self.door.net.staff[by], await self.seen("county_doctor")
        async with self.door.net.clone.app.session(viewer) as session:
            await service.stop(session, self.door.net.clock, viewer, self.door.engine, found.id)

    async def seen(self, by: str) -> RoomRecording:
        """The newest one, as somebody sees it."""
        found = (await self.door.room(self.consult, by)).recording
        assert found is not None
        return found

    async def listed(self, by: str) -> list[KeptRecording]:
        """All of the consultation."""
        viewer = self.door.net.staff[by]
        async with self.door.net.clone.app.session(viewer) as session:
            return await queries.of_consult(session, viewer, self.consult)

    async def told(self) -> Recording | None:
        """What the worker reads, once whoever keeps the record has looked."""
        await self.door.beat()
        await self.door.keeper.run_once()
        return await self.wire()

    async def wire(self) -> Recording | None:
        """What the worker reads now."""
        return (await self.door.directory.recordings([self.room.id]))[self.room.id]

    def film(self, recording: UUID, who: str, *, end: bool = True) -> None:
        """What a worker writes: two seconds of somebody's camera."""
        film(self.shelf, recording, self.people[who].id, end=end)

    async def kept(self, *, wait_s: float = 20) -> KeptRecording:
        """Time passes, whoever keeps the record looks; the newest recording then."""
        self.door.net.wait(seconds=wait_s)
        while await self.keeper.run_once():
            pass
        return (await self.listed("county_doctor"))[-1]


@pytest.fixture
async def studio(door: Door, tmp_path: Path) -> Studio:
    """Both sides are in the room."""
    consult = await door.accepted()
    room = await door.open(consult)
    people = {who: await door.enter(who, room) for who in ("county_doctor", "city_expert")}
    for who in people:
        await door.ticket(who, room)
    shelf = Shelf(tmp_path, b"m" * 32)
    keeper = RecordingKeeper(door.net.clone.system, door.net.clock, shelf)
    return Studio(door, consult, room, people, shelf, keeper)
