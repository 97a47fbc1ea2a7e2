"""Alarms in the gateway: one look a second at everything that came, told at once, then recorded.

Viewers hear of an alarm before it is recorded (a database that is away must not hide it); the
record follows as soon as it can be written, and every gateway is woken by it. What other gateways,
people and the engine do to alarms comes back the same way.

A recording that another gateway had until it died is counted anew from its latest stored seconds
before its new ones are looked at: a delay that was half over then is half over now.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
import numpy as np
import numpy.typing as npt
import structlog
from sqlalchemy import text

from kernel.database import Database
from kernel.errors import Unavailable
from kernel.ids import new_id
from kernel.viewer import Viewer
from kernel.wake import Listener
from realtime import frames
from realtime.alarms import ledger, limitbook, queries, watched
from realtime.alarms.kinds import SAMPLED, AlarmKind
from realtime.alarms.ledger import Finding, Key
from realtime.alarms.limits import Limits, shipped
from realtime.alarms.rules import Board, Change
from realtime.alarms.schemas import WatchedAlarm
from realtime.gateway.findings import Findings
from realtime.gateway.lines import Lines
from realtime.gateway.live import Recording, Recordings
from realtime.gateway.store import UNAVAILABLE, Span
from realtime.gateway.tap import Flush

log = structlog.get_logger()

PERIOD_S: Final = 1.0
AT_ONCE: Final = 4_096
"""Frames that wait for the next look; a backfill larger than this is looked at as it comes."""
STALLED_NS: Final = 1_500_000_000
"""So long without a flush: the database is away, and the newest frames are looked at themselves."""
PART: Final = 200
"""Findings written in one transaction."""
LOOK_BACK: Final = 2
"""How many times the longest delay a recording is counted back when it is taken over."""
COUNTED_AT_ONCE: Final = 250
BREATH: Final = 10
"""Recordings counted anew before samples and viewers have their turn again."""
MOST_ASIDE: Final = 600
"""Seconds of one recording that wait for its earlier ones; with more, it goes without them."""
RELOAD_S: Final = 60.0
CHANNELS: Final = (ledger.WAKE_CHANNEL, limitbook.WAKE_CHANNEL)
SYSTEM: Final = Viewer.system("gateway")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_WARDS = text(
    "SELECT r.id, r.facility_id, d.unit FROM ctg_recording r JOIN ctg_device d"
    " ON d.id = r.device_id WHERE r.id = ANY(:recordings)"
)


History = Callable[[Sequence[Span]], Awaitable[dict[int, list[bytes]]]]
"""Stored frames of several recordings, by number; `Store.read_pages`."""


@dataclass(eq=False, slots=True)
class Watched:
    """One recording that comes in here.

    Attributes:
        aside: while its earlier seconds are awaited, the new ones wait here.
    """

    recording: Recording
    row: int
    limits: Limits
    alarms: dict[Key, WatchedAlarm] = field(default_factory=dict)
    aside: list[npt.NDArray[Any]] | None = None

    @property
    def standing(self) -> dict[tuple[AlarmKind, int], int]:
        """Conditions on samples that are known to be there, and the second that raised each."""
        return {
            (AlarmKind(kind), channel): alarm.seq
            for (_, kind, channel), alarm in self.alarms.items()
            if alarm.present and AlarmKind(kind) in SAMPLED
        }


class Alarms:
    """Looks, tells and records."""

    def __init__(
        self,
        database: Database,
        recordings: Recordings,
        history: History,
        *,
        period_s: float = PERIOD_S,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._database = database
        self._recordings = recordings
        self._history = history
        self._period_s = period_s
        self._clock_ns = clock_ns
        self._default = shipped()
        self._board = Board()
        self.lines = Lines()
        self._by_recording: dict[Recording, Watched] = {}
        self._by_row: dict[int, Watched] = {}
        self._fresh: list[Flush] = []
        self._waiting = 0
        self._flushed_ns = clock_ns()
        self._unread: set[Watched] = set()
        self._uncounted: set[Watched] = set()
        self._findings = Findings()
        self._heard: set[UUID] = set()
        self._look_again = False
        self._work = asyncio.Event()

    # Tap

    async def run(self) -> None:
        """Look once a second, record and hear, until cancelled."""
        listener = Listener(self._database.url, CHANNELS, self.notified)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._looks())
            group.create_task(self._keep())
            group.create_task(listener.run())

    def opened(self, recording: Recording) -> None:
        """A sender has opened (or opened again) the recording here."""
        one = self._watched(recording)
        self.lines.up(one.row, self._clock_ns())
        self._unread.add(one)
        if one.aside is None and self._unseen(one):
            one.aside = []
            self._uncounted.add(one)
        self._work.set()

    def _unseen(self, one: Watched) -> bool:
        """Whether seconds of it have been received at which nobody looked here."""
        highest = one.recording.progress.received.highest
        if self._fresh and 0 < self._board.newest(one.row) < highest:
            self._take()
        return self._board.newest(one.row) < highest

    def _watched(self, recording: Recording) -> Watched:
        one = self._by_recording.get(recording)
        if one is None:
            channels = [] if recording.feeder is None else recording.feeder[1].opening.channels
            row = self._board.add(channels, self._default)
            self.lines.add(row, self._clock_ns())
            self.lines.set_limit(row, self._default.silent_s)
            one = Watched(recording, row, self._default)
            self._by_recording[recording] = self._by_row[row] = one
            self._unread.add(one)
            self._work.set()
        return one

    def flushed(self, flush: Flush) -> None:
        """New seconds of any number of recordings."""
        self._fresh.append(flush)
        self._flushed_ns = flush.at_ns
        self._waiting += len(flush.frames)
        if self._waiting >= AT_ONCE:
            self._take()

    def gone(self, recording: Recording, *, closed: bool) -> None:
        """The line is down, or the recording has ended: silence is no longer this one's alarm."""
        one = self._by_recording.get(recording)
        if one is not None and self.lines.down(one.row):
            self._say(one, _line(one, False, self._clock_ns()))

    def notified(self, channel: str, payload: str) -> None:
        """Somebody changed an alarm or limits; without a payload, we may have missed something."""
        if channel == limitbook.WAKE_CHANNEL:
            self._unread.update(self._by_recording.values())
        elif payload:
            self._heard.add(UUID(payload))
        else:
            self._look_again = True
        self._work.set()

    async def close(self) -> None:
        """Record what waits, if that can be done at once, and give the connections back."""
        with suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(2):
                await self.work()
        await self._database.close()

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

    async def _looks(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = max(due + self._period_s, loop.time())
            await asyncio.sleep(due - loop.time())
            self.tick()

    def tick(self) -> None:
        """Look at what came since the last time, and at what did not come."""
        self._take()
        now_ns = self._clock_ns()
        if now_ns - self._flushed_ns > STALLED_NS:
            self._take_newest()
        for row, silent in self.lines.changed(now_ns):
            one = self._by_row[row]
            self._say(one, _line(one, silent, now_ns))
        for row in self.lines.gone(now_ns):
            self._forget(self._by_row[row])

    def _take(self) -> None:
        fresh, self._fresh, self._waiting = self._fresh, [], 0
        if not fresh:
            return
        owners = [self._watched(one) for flush in fresh for one in flush.recordings]
        rows = np.array([one.row for one in owners], np.intp)
        counts = np.concatenate([flush.counts for flush in fresh])
        arrived = np.concatenate([flush.frames for flush in fresh])
        sealed = np.array([flush.at_ns for flush in fresh], np.int64)
        self.lines.heard(rows, np.repeat(sealed, [len(flush.recordings) for flush in fresh]))
        rows = np.repeat(rows, counts)
        if self._uncounted:
            kept = self._put_aside(owners, counts, arrived)
            rows, arrived = rows[kept], arrived[kept]
        self._look(rows, arrived)

    def _put_aside(
        self, owners: Sequence[Watched], counts: npt.NDArray[np.int64], arrived: npt.NDArray[Any]
    ) -> npt.NDArray[np.bool_]:
        """Which frames can be looked at now; the others wait for the seconds before them."""
        kept = np.ones(len(arrived), bool)
        end = 0
        for one, count in zip(owners, counts.tolist(), strict=True):
            start, end = end, end + count
            if one.aside is not None:
                kept[start:end] = False
                one.aside.append(arrived[start:end])
                if sum(map(len, one.aside)) > MOST_ASIDE:
                    self._go_without(one)
        return kept

    def _take_newest(self) -> None:
        """Nothing is flushed while the database is away; each second's newest frame is here."""
        known = [
            (one.row, one.recording.heard_ns, one.recording.last_frame)
            for one in self._by_recording.values()
            if one.recording.feeder is not None and one.recording.last_frame and one.aside is None
        ]
        if known:
            numbers, heard, newest = zip(*known, strict=True)
            rows = np.array(numbers, np.intp)
            self.lines.heard(rows, np.array(heard, np.int64))
            self._look(rows, frames.view_frames(b"".join(newest)))

    def _look(self, rows: npt.NDArray[np.intp], arrived: npt.NDArray[Any]) -> None:
        self._tell_changes(self._board.take(rows, arrived))

    def _tell_changes(self, changes: Iterable[Change]) -> None:
        at = _moment(self._clock_ns())
        for change in changes:
            one = self._by_row[change.row]
            self._say(one, _finding(one, change, at))

    def _say(self, one: Watched, finding: Finding) -> None:
        """Tell the viewers now; write it soon."""
        alarm = watched.foretold(finding, one.alarms.get(finding.key))
        if alarm is not None:
            one.alarms[finding.key] = alarm
            _tell(one.recording, alarm)
        self._findings.add(finding)
        self._work.set()

    def _forget(self, one: Watched) -> None:
        self._board.remove(one.row)
        self.lines.remove(one.row)
        self._unread.discard(one)
        self._uncounted.discard(one)
        del self._by_recording[one.recording], self._by_row[one.row]

    # Taking over

    async def _recount(self, some: Sequence[Watched]) -> None:
        """Count these anew from what is stored of them, then look at what came meanwhile."""
        spans = [_look_back(one) for one in some]
        try:
            pages = await self._history(spans)
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            log.warning("gateway.alarms_uncounted", error=type(error).__name__, of=len(some))
            pages = {}
        for number, one in enumerate(some):
            if number % BREATH == 0:
                await asyncio.sleep(0)
            stored = pages.get(one.recording.no)
            if one not in self._uncounted:
                continue
            if stored is None:
                self._go_without(one)
            else:
                self._uncounted.discard(one)
                earlier = frames.view_frames(b"".join(stored))
                self._tell_changes(self._board.recount(one.row, earlier, one.standing))
                self._catch_up(one)

    def _go_without(self, one: Watched) -> None:
        """Its earlier seconds cannot be had: only what was found of them is known."""
        self._uncounted.discard(one)
        for kind, channel in one.standing:
            self._board.restore(one.row, kind, channel)
        self._catch_up(one)

    def _catch_up(self, one: Watched) -> None:
        aside, one.aside = one.aside, None
        if aside:
            arrived = np.concatenate(aside)
            self._look(np.full(len(arrived), one.row, np.intp), arrived)

    # Recording and hearing

    async def _keep(self) -> None:
        """Read limits, write findings and pass on what others did."""
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
                for one in list(self._uncounted):
                    self._go_without(one)
                await asyncio.sleep(0.5)
                self._work.set()

    async def work(self) -> None:
        """Do everything that waits; raises `Unavailable` with the rest still waiting."""
        while self._unread:
            await self._read(list(self._unread)[: 10 * PART])
        while self._uncounted:
            await self._recount(list(self._uncounted)[:COUNTED_AT_ONCE])
        while self._findings:
            part = self._findings.take(PART)
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
            async with self._database.session(SYSTEM) as session:
                return await ledger.write(session, part)
        except BaseException:
            self._findings.put_back(part)
            raise

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
            self.lines.set_limit(one.row, one.limits.silent_s)
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
        if kind is AlarmKind.DEVICE_SILENT:
            self.lines.known_silent(one.row)
        elif kind in SAMPLED and one.aside is None:
            self._board.restore(one.row, kind, alarm.channel)

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


def _look_back(one: Watched) -> Span:
    """The stored seconds from which a recording is counted anew."""
    recording = one.recording
    last = recording.progress.received.highest
    first = max(1, last + 1 - LOOK_BACK * one.limits.longest_delay_s)
    return recording.id, recording.no, first, last


def _line(one: Watched, silent: bool, now_ns: int) -> Finding:
    kind, at = AlarmKind.DEVICE_SILENT, _moment(now_ns)
    return Finding(new_id(), at, one.recording.id, kind, 0, silent, 0, 0, 0)


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
