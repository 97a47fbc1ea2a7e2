"""A county that asks and a city centre that reads, with a tracing of so many seconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from kernel.viewer import Role, Viewer
from realtime.readings import looking, queries, service
from realtime.readings.schemas import (
    AddIn,
    AskIn,
    Cited,
    Findings,
    LookIn,
    MoveIn,
    ReadingAddendum,
    ReadingDetail,
    ReadingReport,
    SignIn,
)
from realtime.readings.timers import run_due
from tests.fixtures.database import Clone
from tests.realtime.alarms.ward import Ward, somebody
from tests.realtime.wire import frame
from tests.registry.world import SEALER, World, patient


def report(*cited: tuple[int, int], again: datetime | None = None) -> ReadingReport:
    """What an expert might write."""
    return ReadingReport(
        findings=Findings(
            baseline_bpm=140,
            variability="moderate",
            accelerations="present",
            decelerations=["variable"],
            standard="cn2015_nst",
            category="normal",
        ),
        conclusion="反应型",
        recommendation="继续监护，两小时后复查",
        cited=[Cited(from_seq=first, to_seq=last) for first, last in cited or [(10, 60)]],
        follow_up_at=again,
    )


@dataclass(slots=True)
class Room:
    """Who asks, who reads, and the woman's tracing."""

    ward: Ward
    asker: Viewer
    expert: Viewer
    colleague: Viewer

    @classmethod
    async def open(cls, clone: Clone, world: World) -> Room:
        ward = await Ward.open(clone, world)
        centre = world.city_centre
        expert = await somebody(clone, world, world.viewer(Role.EXPERT, centre))
        colleague = await somebody(clone, world, world.viewer(Role.EXPERT, centre))
        room = cls(ward, ward.doctor, expert, colleague)
        woman = await patient(clone.system, world, ward.doctor)
        await ward.do(
            "UPDATE ctg_recording SET pregnancy_id = $1, bound_at = now(), bound_by = $2",
            woman.pregnancy_id, ward.doctor.person_id,
        )  # fmt: skip
        await room.store(*range(1, 101))
        return room

    async def store(self, *seqs: int) -> None:
        """These seconds are durable."""
        (row,) = await self.ward.do("SELECT no FROM ctg_recording")
        joined = b"".join(frame(seq) for seq in seqs)
        await self.ward.do(
            "INSERT INTO ctg_journal (gateway, batch, recordings, counts, frames)"
            " VALUES ($1, 1, $2, $3, $4)",
            uuid4(), [row["no"]], [len(seqs)], joined,
        )  # fmt: skip

    async def ask(self, viewer: Viewer | None = None, **more: Any) -> UUID:
        viewer = viewer or self.asker
        fields = {
            "recording_id": self.ward.recording,
            "reader_facility_id": self.ward.world.city_centre,
            "from_seq": 1,
            "to_seq": 120,
            "urgency": "urgent",
            "question": "变异是否减少？",
        } | more
        async with self.ward.clone.app.session(viewer) as session:
            return await service.ask(session, self.ward.clock, viewer, AskIn(**fields))

    async def move(
        self, what: Any, reading: UUID, viewer: Viewer, version: int | None = None
    ) -> None:
        version = (await self.look(reading)).reading.version if version is None else version
        async with self.ward.clone.app.session(viewer) as session:
            await what(session, self.ward.clock, viewer, reading, MoveIn(version=version))

    async def see(self, reading: UUID, viewer: Viewer, **seconds: int) -> UUID:
        """The viewer looks at the strip; what is shown is kept."""
        async with self.ward.clone.app.session(viewer) as session:
            row = await queries.row_of(session, reading)
            return await looking.look(session, self.ward.clock, viewer, row, LookIn(**seconds))

    async def replay(self, reading: UUID, view: UUID, viewer: Viewer) -> tuple[bytes, bool]:
        async with self.ward.clone.app.session(viewer) as session:
            row = await queries.row_of(session, reading)
            return await looking.replay(session, viewer, row, view)

    async def sign(
        self,
        reading: UUID,
        viewer: Viewer,
        view: UUID,
        *cited: tuple[int, int],
        again: datetime | None = None,
    ) -> None:
        version = (await self.look(reading)).reading.version
        order = SignIn(
            version=version, view_id=view, report=report(*cited, again=again), password="x"
        )
        async with self.ward.clone.app.session(viewer) as session:
            await service.sign(session, self.ward.clock, viewer, reading, order)

    async def add(
        self, reading: UUID, viewer: Viewer, view: UUID, again: datetime | None = None
    ) -> None:
        version = (await self.look(reading)).reading.version
        words = ReadingAddendum(
            text="补充：另见一次变异减速",
            cited=[Cited(from_seq=20, to_seq=30)],
            follow_up_at=again,
        )
        order = AddIn(version=version, view_id=view, addendum=words, password="x")
        async with self.ward.clone.app.session(viewer) as session:
            await service.add(session, self.ward.clock, viewer, reading, order)

    async def look(self, reading: UUID, viewer: Viewer | None = None) -> ReadingDetail:
        viewer = viewer or self.asker
        async with self.ward.clone.app.session(viewer) as session:
            return await queries.one(session, self.ward.clock, viewer, SEALER, reading)

    async def minded(self, later_s: float = 0) -> None:
        """The engine looks, so much later."""
        self.ward.clock.later(later_s)
        while await run_due(self.ward.clone.system, self.ward.clock):
            pass

    async def pages(self) -> list[tuple[str, UUID]]:
        """Event and house of every page, in order."""
        rows = await self.ward.do("SELECT event, facility_id FROM page ORDER BY created_at, id")
        return [(row["event"], row["facility_id"]) for row in rows]
