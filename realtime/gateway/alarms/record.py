"""The record: limits are read from PostgreSQL, findings are written there, and what other gateways,
people and the engine do to alarms comes back from it.

Viewers hear of an alarm before it is recorded (a database that is away must not hide it); the
record follows as soon as it can be written, and every gateway is woken by it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import text

from kernel.database import Database
from kernel.viewer import Viewer
from realtime.alarms import ledger, limitbook, queries, watched
from realtime.alarms.kinds import SAMPLED, AlarmKind
from realtime.alarms.ledger import Finding
from realtime.alarms.schemas import WatchedAlarm
from realtime.gateway.alarms.register import Register, Watched, tell
from realtime.gateway.live import Recording, Recordings

PART: Final = 200
"""Findings written in one transaction."""
CHANNELS: Final = (ledger.WAKE_CHANNEL, limitbook.WAKE_CHANNEL)
SYSTEM: Final = Viewer.system("gateway")

_WARDS = text(
    "SELECT r.id, r.facility_id, d.unit FROM ctg_recording r JOIN ctg_device d"
    " ON d.id = r.device_id WHERE r.id = ANY(:recordings)"
)


class Record:
    """Everything that is said to PostgreSQL about alarms here; all of it raises `Unavailable`."""

    def __init__(self, database: Database, register: Register, recordings: Recordings) -> None:
        self.database = database
        self._register = register
        self._recordings = recordings
        self._heard: set[UUID] = set()
        self._look_again = False

    def notified(self, channel: str, payload: str) -> None:
        """Somebody changed an alarm or limits; without a payload, we may have missed something."""
        if channel == limitbook.WAKE_CHANNEL:
            self.read_all_again()
        elif payload:
            self._heard.add(UUID(payload))
        else:
            self._look_again = True
        self._register.work.set()

    def read_all_again(self) -> None:
        """Limits may be others for every recording."""
        self._register.unread.update(self._register.by_recording.values())

    async def look_at_limits(self) -> None:
        """Limits take effect at their moment, whether or not anybody says so.

        There are few wards and thousands of recordings: only those are read again whose limits
        are others by now. That a monitor stands in another ward is notified.
        """
        register = self._register
        wards = {one.ward for one in register.by_row.values() if one.ward is not None}
        if not wards:
            return
        async with self.database.session(SYSTEM) as session:
            found = await limitbook.of_wards(session, wards)
        limits = {ward: limits for ward, (_, limits) in found.items()}
        register.unread.update(
            one
            for one in register.by_row.values()
            if one.ward is not None and limits.get(one.ward) != one.limits
        )

    async def standing(self, recordings: Collection[UUID]) -> dict[UUID, list[Any]]:
        """Alarms of these recordings for viewers who have just come, JSON-ready."""
        async with self.database.session(SYSTEM) as session:
            alarms = await queries.of_recordings(session, SYSTEM, recordings)
        found = {
            id_: list(map(msgspec.to_builtins, all_)) for id_, all_ in watched.told(alarms).items()
        }
        for id_ in recordings:
            one = self._register.of(id_)
            if one is not None:
                stored = {alarm["id"] for alarm in found.get(id_, [])}
                found.setdefault(id_, []).extend(
                    msgspec.to_builtins(alarm)
                    for alarm in one.alarms.values()
                    if alarm.provisional and str(alarm.id) not in stored
                )
        return found

    async def read_limits(self) -> None:
        """Read for everybody who is new here, or whose limits may have changed."""
        while self._register.unread:
            await self._read(list(self._register.unread)[: 10 * PART])

    async def write_and_hear(self) -> None:
        """Write what was found, then pass on what others did."""
        while self._register.findings:
            part = self._register.findings.take(PART)
            changed = await self._write(part)
            # Somebody else was first: viewers were told of an alarm that has another id.
            beaten = {one.recording_id for one in part if one.present and one.id not in changed}
            if beaten:
                await self._pass_on(shown=beaten)
        if self._look_again:
            shown = [recording.id for recording in self._recordings if recording.views]
            await self._pass_on(shown=shown)
            self._look_again = False
        while self._heard:
            some = set(list(self._heard)[: 10 * PART])
            await self._pass_on(ids=some)
            self._heard -= some

    async def _write(self, part: Sequence[Finding]) -> set[UUID]:
        try:
            async with self.database.session(SYSTEM) as session:
                return await ledger.write(session, part)
        except BaseException:
            self._register.findings.put_back(part)
            raise

    async def _read(self, some: list[Watched]) -> None:
        """Limits of their wards, and what earlier gateways found of them."""
        register, ids = self._register, [one.recording.id for one in some]
        async with self.database.session(SYSTEM) as session:
            rows = (await session.execute(_WARDS, {"recordings": ids})).all()
            wards = {row.id: (row.facility_id, row.unit) for row in rows}
            limits = await limitbook.of_wards(session, set(wards.values()))
            alarms = await queries.of_recordings(session, SYSTEM, ids)
        told = watched.told(alarms)
        for one in some:
            register.unread.discard(one)
            ward = one.ward = wards.get(one.recording.id)
            if ward is None or ward not in limits or one.recording not in register.by_recording:
                continue
            if one.limits != limits[ward][1]:
                one.limits = limits[ward][1]
                register.board.set_limits(one.row, one.limits)
            register.lines.set_limit(one.row, one.limits.silent_s)
            for alarm in told.get(one.recording.id, []):
                self._restore(one, alarm)

    def _restore(self, one: Watched, alarm: WatchedAlarm) -> None:
        kind = AlarmKind(alarm.kind)
        key = one.recording.id, alarm.kind, alarm.channel
        known = one.alarms.get(key)
        if known is not None and not known.provisional:
            return
        one.alarms[key] = alarm
        if known is not None:
            tell(one.recording, alarm)
        if not alarm.present:
            return
        if kind is AlarmKind.DEVICE_SILENT:
            self._register.lines.known_silent(one.row)
        elif kind in SAMPLED and one.aside is None:
            self._register.board.restore(one.row, kind, alarm.channel)

    async def _pass_on(self, ids: Collection[UUID] = (), shown: Collection[UUID] = ()) -> None:
        async with self.database.session(SYSTEM) as session:
            alarms = await queries.by_ids(session, SYSTEM, ids) if ids else []
            if shown:
                alarms += await queries.of_recordings(session, SYSTEM, shown)
        for recording_id, all_ in watched.told(alarms).items():
            recording = self._recordings.get(recording_id)
            if recording is not None:
                self._pass_to(recording, all_)

    def _pass_to(self, recording: Recording, alarms: Iterable[WatchedAlarm]) -> None:
        one = self._register.by_recording.get(recording)
        for alarm in alarms:
            if one is not None:
                one.alarms[recording.id, alarm.kind, alarm.channel] = alarm
            tell(recording, alarm)
