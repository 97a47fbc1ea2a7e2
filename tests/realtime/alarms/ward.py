"""A county ward with a tracing, alarms on it, and whoever acts on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from sqlalchemy import text

from kernel.clock import SystemClock
from kernel.ids import new_id
from kernel.viewer import Role, Viewer
from realtime.alarms import ledger, queries
from realtime.alarms.kinds import AlarmKind
from realtime.alarms.ledger import Finding
from realtime.alarms.schemas import AlarmDetail, AlarmOut
from registry.people.service import create_person
from tests.fixtures.database import Clone
from tests.registry.world import SEALER, World

SYSTEM = Viewer.system("test")


class At:
    """A clock that stands where it is put; not a made-up one, so pages ring."""

    simulated = False
    device = None

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def later(self, seconds: float) -> At:
        self.at += timedelta(seconds=seconds)
        return self


async def somebody(clone: Clone, world: World, viewer: Viewer) -> Viewer:
    """A viewer who is a person with a name."""
    async with clone.system.session(SYSTEM) as session:
        person = await create_person(
            session, world.clock, SEALER, facility_id=viewer.facility_id, name="测试"
        )
    return replace(viewer, person_id=person)


@dataclass(slots=True)
class Ward:
    """The county hospital's labour ward and one tracing of it."""

    clone: Clone
    world: World
    clock: At
    recording: UUID
    doctor: Viewer
    chief: Viewer

    @classmethod
    async def open(cls, clone: Clone, world: World) -> Ward:
        house = world.county_hospital
        doctor = await somebody(clone, world, world.viewer(Role.REFERRING_CLINICIAN, house))
        chief = await somebody(clone, world, world.viewer(Role.COORDINATOR, house))
        ward = cls(clone, world, At(SystemClock().now()), uuid4(), doctor, chief)
        await ward.do(
            "INSERT INTO ctg_device (id, serial, kind, facility_id, unit)"
            " VALUES ($1, 'SN-7', 'monitor', $2, '产房')",
            uuid4(), house,
        )  # fmt: skip
        await ward.record(ward.recording)
        return ward

    async def do(self, statement: str, *values: object) -> list[Any]:
        """One statement as the platform."""
        connection = await asyncpg.connect(self.clone.system_url)
        try:
            return await connection.fetch(statement, *values)
        finally:
            await connection.close()

    async def record(self, recording: UUID) -> None:
        """One more tracing from the ward's monitor."""
        await self.do(
            "INSERT INTO ctg_recording (id, device_id, facility_id, bed, channels, started_at)"
            " SELECT $1, id, facility_id, '3床', '{fhr1}', $2 FROM ctg_device"
            " WHERE serial = 'SN-7'",
            recording, self.clock.now(),
        )  # fmt: skip

    def finding(
        self, kind: AlarmKind, *, present: bool = True, channel: int = 1, seq: int = 40
    ) -> Finding:
        """The condition begins or ends now."""
        onset = seq - 30 if present else seq
        return Finding(
            new_id(), self.clock.now(), self.recording, kind, channel, present, onset, seq, 320
        )

    async def write(self, *findings: Finding) -> set[UUID]:
        """As a gateway would."""
        async with self.clone.system.session(SYSTEM) as session:
            return await ledger.write(session, findings)

    async def raised(self, kind: AlarmKind = AlarmKind.BRADYCARDIA) -> AlarmOut:
        """An alarm raised now."""
        finding = self.finding(kind)
        await self.write(finding)
        return (await self.look(finding.id)).alarm

    async def look(self, alarm_id: UUID, viewer: Viewer | None = None) -> AlarmDetail:
        """The alarm with its history, as the ward's doctor sees it."""
        viewer = viewer or self.doctor
        async with self.clone.app.session(viewer) as session:
            return await queries.one(session, viewer, alarm_id)

    async def alarms(self) -> Sequence[AlarmOut]:
        """All living alarms of the tracing."""
        async with self.clone.system.session(SYSTEM) as session:
            return await queries.of_recordings(session, SYSTEM, [self.recording])

    async def pulse(self, seconds_ago: float, *, connected: bool) -> None:
        """What the gateway said of the line last."""
        heard = self.clock.now() - timedelta(seconds=seconds_ago)
        await self.do(
            "INSERT INTO ctg_pulse VALUES ($1, 5, $2, 0, 0, 0, $3)"
            " ON CONFLICT (recording_id) DO UPDATE SET heard_at = $2, connected = $3",
            self.recording, heard, connected,
        )  # fmt: skip

    async def count(self, statement: str) -> int:
        async with self.clone.system.session(SYSTEM) as session:
            return int((await session.execute(text(statement))).scalar_one())
