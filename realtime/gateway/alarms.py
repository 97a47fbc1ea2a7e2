"""Alarms in the gateway: one look a second at everything that came, told at once, then recorded.

Viewers hear of an alarm before it is recorded (a database that is away must not hide it); the
record follows as soon as it can be written, and every gateway is woken by it. What other gateways,
people and the engine do to alarms comes back the same way.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
import numpy as np
import structlog
from sqlalchemy import text

from kernel.database import Database
from kernel.errors import Unavailable
from kernel.ids import new_id
from kernel.viewer import Viewer
from realtime import frames
from realtime.alarms import ledger, limitbook, queries, watched
from realtime.alarms.kinds import SAMPLED, AlarmKind
from realtime.alarms.ledger import Finding, Key
from realtime.alarms.limits import Limits, shipped
from realtime.alarms.rules import Board, Change
from realtime.alarms.schemas import WatchedAlarm
from realtime.gateway.live import Recording, Recordings

log = structlog.get_logger()

PERIOD_S: Final = 1.0
AT_ONCE: Final = 8_192
"""Frames looked at together; more than these never wait (a backfill is looked at as it comes)."""
PART: Final = 200
"""Findings written in one transaction."""
MOST_WAITING: Final = 50_000
RELOAD_S: Final = 60.0
GONE_NS: Final = 30_000_000_000
CHANNELS: Final = (ledger.WAKE_CHANNEL, limitbook.WAKE_CHANNEL)
SYSTEM: Final = Viewer.system("gateway")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_WARDS = text(
    "SELECT r.id, r.facility_id, d.unit FROM ctg_recording r JOIN ctg_device d"
    " ON d.id = r.device_id WHERE r.id = ANY(:recordings)"
)


@dataclass(eq=False, slots=True)
class Watched:
    """One recording that comes in here."""

    recording: Recording
    row: int
    limits: Limits
    ward: limitbook.Ward | None = None
    heard_ns: int = 0
    silent: bool = False
    alarms: dict[Key, WatchedAlarm] = field(default_factory=dict)


class Alarms:
    """Looks, tells and records."""

    def __init__(
        self,
        database: Database,
        recordings: Recordings,
        *,
        period_s: float = PERIOD_S,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._database = database
        self._recordings = recordings
        self._period_s = period_s
        self._clock_ns = clock_ns
        self._default = shipped()
        self._board = Board()
        self._by_recording: dict[Recording, Watched] = {}
        self._by_row: dict[int, Watched] = {}
        self._fresh: list[tuple[int, bytes]] = []
        self._unread: set[Watched] = set()
        self._findings: list[Finding] = []
        self._heard: set[UUID] = set()
        self._look_again = False
        self._work = asyncio.Event()

    # What the gateway's other parts call

    def opened(self, recording: Recording, channels: Collection[str]) -> None:
        """A sender has opened (or opened again) the recording here."""
        one = self._by_recording.get(recording)
        if one is None:
            row = self._board.add(list(channels), self._default)
            one = Watched(recording, row, self._default)
            self._by_recording[recording] = self._by_row[row] = one
        one.heard_ns = self._clock_ns()
        self._unread.add(one)
        self._work.set()

    def received(self, recording: Recording, frame: bytes) -> None:
        """One new frame of an opened recording."""
        self._fresh.append((self._by_recording[recording].row, frame))
        if len(self._fresh) >= AT_ONCE:
            self._take()

    def notified(self, channel: str, payload: str) -> None:
        """Somebody changed an alarm or limits; without a payload, we may have missed something."""
        if channel == limitbook.WAKE_CHANNEL:
            self._unread.update(self._by_recording.values())
        elif payload:
            self._heard.add(UUID(payload))
        else:
            self._look_again = True
        self._work.set()

    async def standing(self, recordings: Collection[UUID]) -> dict[UUID, list[Any]]:
        """Alarms of these recordings for viewers who have just come, JSON-ready."""
        async with self._database.session(SYSTEM) as session:
            alarms = await queries.of_recordings(session, SYSTEM, recordings)
        found = {
            id_: list(map(msgspec.to_builtins, all_)) for id_, all_ in watched.told(alarms).items()
        }
        for one in self._by_recording.values():
            if one.recording.id in recordings:
                stored = {alarm["id"] for alarm in found.get(one.recording.id, [])}
                found.setdefault(one.recording.id, []).extend(
                    msgspec.to_builtins(alarm)
                    for alarm in one.alarms.values()
                    if alarm.provisional and str(alarm.id) not in stored
                )
        return found

    # Looking

    async def run(self) -> None:
        """Look once a second until cancelled."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = max(due + self._period_s, loop.time())
            await asyncio.sleep(due - loop.time())
            self.tick()

    def tick(self) -> None:
        """Look at what came since the last time, and at what did not come."""
        self._take()
        self._listen_for_silence()

    def _take(self) -> None:
        fresh, self._fresh = self._fresh, []
        if not fresh:
            return
        rows = np.fromiter((row for row, _ in fresh), np.intp, len(fresh))
        arrived = frames.view_frames(b"".join(frame for _, frame in fresh))
        changes = self._board.take(rows, arrived)
        now_ns = self._clock_ns()
        for row in np.unique(rows):
            one = self._by_row[int(row)]
            one.heard_ns = now_ns
            if one.silent:
                self._say(one, self._line(one, False, now_ns))
        for change in changes:
            one = self._by_row[change.row]
            self._say(one, _finding(one, change, _moment(now_ns)))

    def _listen_for_silence(self) -> None:
        now_ns = self._clock_ns()
        for one in list(self._by_recording.values()):
            quiet_ns = now_ns - one.heard_ns
            if one.recording.feeder is None:
                # The line is down: that is another alarm, and the engine's to raise.
                if one.silent:
                    self._say(one, self._line(one, False, now_ns))
                if quiet_ns > GONE_NS:
                    self._forget(one)
            elif not one.silent and quiet_ns > one.limits.silent_s * 1_000_000_000:
                self._say(one, self._line(one, True, now_ns))

    def _line(self, one: Watched, silent: bool, now_ns: int) -> Finding:
        one.silent = silent
        kind, at = AlarmKind.DEVICE_SILENT, _moment(now_ns)
        return Finding(new_id(), at, one.recording.id, kind, 0, silent, 0, 0, 0)

    def _say(self, one: Watched, finding: Finding) -> None:
        """Tell the viewers now; write it soon."""
        alarm = watched.foretold(finding, one.alarms.get(finding.key))
        if alarm is not None:
            one.alarms[finding.key] = alarm
            _tell(one.recording, alarm)
        if len(self._findings) >= MOST_WAITING:
            log.error("gateway.alarms_dropped", findings=PART)
            del self._findings[:PART]
        self._findings.append(finding)
        self._work.set()

    def _forget(self, one: Watched) -> None:
        self._board.remove(one.row)
        self._unread.discard(one)
        del self._by_recording[one.recording], self._by_row[one.row]

    # Recording and hearing

    async def keep(self) -> None:
        """Read limits, write findings and pass on what others did, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(RELOAD_S):
                    await self._work.wait()
            except TimeoutError:
                # Limits take effect at their moment, whether or not anybody says so.
                self._unread.update(self._by_recording.values())
            self._work.clear()
            try:
                await self.work()
            except Unavailable:
                log.warning("gateway.alarms_unrecorded", findings=len(self._findings))
                await asyncio.sleep(0.5)
                self._work.set()

    async def work(self) -> None:
        """Do everything that waits; raises `Unavailable` with the rest still waiting."""
        while self._unread:
            await self._read(list(self._unread)[: 10 * PART])
        while self._findings:
            part = self._findings[:PART]
            async with self._database.session(SYSTEM) as session:
                changed = await ledger.write(session, part)
            del self._findings[: len(part)]
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

    async def _read(self, some: list[Watched]) -> None:
        """Limits of their wards, and what earlier gateways found of them."""
        ids = [one.recording.id for one in some]
        async with self._database.session(SYSTEM) as session:
            rows = (await session.execute(_WARDS, {"recordings": ids})).all()
            wards = {row.id: (row.facility_id, row.unit) for row in rows}
            limits = await limitbook.of_wards(session, set(wards.values()))
            alarms = await queries.of_recordings(session, SYSTEM, ids)
        told = watched.told(alarms)
        for one in some:
            self._unread.discard(one)
            ward = wards.get(one.recording.id)
            if ward is None or ward not in limits or one.recording not in self._by_recording:
                continue
            one.limits = limits[ward][1]
            self._board.set_limits(one.row, one.limits)
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
            _tell(one.recording, alarm)
        if not alarm.present:
            return
        if kind in SAMPLED:
            self._board.restore(one.row, kind, alarm.channel)
        elif kind is AlarmKind.DEVICE_SILENT:
            one.silent = True

    async def _pass_on(self, ids: Collection[UUID] = (), shown: Collection[UUID] = ()) -> None:
        async with self._database.session(SYSTEM) as session:
            alarms = await queries.by_ids(session, SYSTEM, ids) if ids else []
            if shown:
                alarms += await queries.of_recordings(session, SYSTEM, shown)
        for recording_id, all_ in watched.told(alarms).items():
            recording = self._recordings.get(recording_id)
            if recording is not None:
                self._pass_to(recording, all_)

    def _pass_to(self, recording: Recording, alarms: Iterable[WatchedAlarm]) -> None:
        one = self._by_recording.get(recording)
        for alarm in alarms:
            if one is not None:
                one.alarms[recording.id, alarm.kind, alarm.channel] = alarm
            _tell(recording, alarm)


def _tell(recording: Recording, alarm: WatchedAlarm) -> None:
    recording.tell("alarm", alarm=alarm)


def _moment(ns: int) -> datetime:
    return _EPOCH + timedelta(microseconds=ns // 1_000)


def _finding(one: Watched, change: Change, at: datetime) -> Finding:
    return Finding(
        new_id(),
        at,
        one.recording.id,
        change.kind,
        change.channel,
        change.present,
        change.onset_seq,
        change.seq,
        change.rate,
    )
