"""Between monitors and buffer: what is new, made durable in one go, then known to the uplink.

While the buffer has no room, or its disk hangs, what is new stays in memory: it is sent from there,
and written as soon as the disk takes it. Memory is bounded too; beyond it the oldest seconds that
are nowhere else are given up and declared as a gap, never silently.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar
from uuid import UUID

import structlog

from realtime.agent.bedside import Began, Ended, Event, Lost, Made
from realtime.agent.buffer import Batch, Buffer, Full, Kept
from realtime.agent.holes import runs, seconds_between, without
from realtime.agent.uplink import Uplink, Wish

log = structlog.get_logger()
P = ParamSpec("P")
T = TypeVar("T")

MAX_UNSAVED: Final = 38_400
"""Ten minutes of 64 monitors, some ten megabytes."""
RETRY_S: Final = 1.0
SLOW_S: Final = 2.0
"""A write that lasts longer is not waited for: what it writes may be sent."""
LOOK_S: Final = 0.25


class Keeper:
    """Owns the buffer. Everything here runs on the loop, except SQLite itself."""

    def __init__(self, buffer: Buffer, uplink: Uplink, *, max_unsaved: int = MAX_UNSAVED) -> None:
        self.uplink = uplink
        self.refusal = ""
        """Why the disk took nothing the last time, `full` or `unwritable`; empty while it takes."""
        self.given_up = 0
        """Seconds lost because there was room neither on disk nor in memory."""
        self.writing_s = 0.0
        """How long the write that runs has lasted, or the last one did."""
        self.news = asyncio.Event()
        """Set when there may be something to send."""
        self.buffer = buffer
        self._loaded = False
        self._batch = Batch()
        self._unsaved: dict[UUID, dict[int, bytes]] = {}
        self._dirty = asyncio.Event()
        self._max_unsaved = max_unsaved
        self._thread = ThreadPoolExecutor(1, "buffer")
        self.texts: list[str] = []
        """Gaps of open recordings that the server is to be told now."""

    @property
    def full(self) -> bool:
        """Whether the disk took nothing the last time."""
        return bool(self.refusal)

    @property
    def slow(self) -> bool:
        """Whether the disk takes so long that nobody should wait for it."""
        return self.writing_s > SLOW_S

    @property
    def disk(self) -> str:
        """`ok`, `slow`, `full` or `unwritable`."""
        return self.refusal or ("slow" if self.slow else "ok")

    @property
    def in_memory(self) -> int:
        """Seconds that are nowhere but in memory."""
        return sum(map(len, self._unsaved.values()))

    async def load(self) -> list[Kept]:
        """Everything that the buffer holds, told to the uplink.

        Nothing while the disk gives nothing: then it is told when it does.
        """
        try:
            found = await self._do(self.buffer.kept)
            for kept in found:
                gaps = await self._do(self.buffer.gaps, kept.id)
                self.uplink.know(kept, gaps, inherited=kept.id not in self.uplink.lines)
        except Full as refused:
            self._refused(refused)
            return []
        self._loaded = True
        return found

    async def _load_late(self) -> None:
        """What the disk could not give when the process began: nobody goes on with it."""
        known = set(self.uplink.lines)
        for kept in await self.load():
            if kept.id not in known and not kept.ended:
                self.end(kept.id)

    def take(self, bed: str, channels: tuple[str, ...], events: Iterable[Event]) -> None:
        """Note what a monitor made; it is durable a moment later."""
        for event in events:
            if isinstance(event, Began):
                kept = Kept(event.recording, event.device, bed, channels, event.started_ns)
                self._batch.began.append(kept)
            elif isinstance(event, Made):
                self._batch.frames.append((event.recording, event.seq, event.frame))
            elif isinstance(event, Lost):
                self._batch.gaps.append((event.recording, event.first, event.last))
            elif isinstance(event, Ended):
                self._batch.ended.append(event.recording)
            self._dirty.set()

    def end(self, recording: UUID) -> None:
        """A recording that nobody goes on with is complete as it stands."""
        self._batch.ended.append(recording)
        self._dirty.set()

    def acked(self, recording: UUID, seq: int) -> None:
        """Everything up to `seq` is safe elsewhere: its room is given back with the next write."""
        self._batch.acked[recording] = max(seq, self._batch.acked.get(recording, 0))
        unsaved = self._unsaved.get(recording, {})
        for done in [one for one in unsaved if one <= seq]:
            del unsaved[done]

    def closed(self, recording: UUID) -> None:
        """Nothing of the recording is needed any more."""
        self._batch.done.append(recording)
        self._unsaved.pop(recording, None)
        self._dirty.set()

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            await self.save()
            if self.full or not self._loaded:
                await asyncio.sleep(RETRY_S)
                self._dirty.set()

    async def save(self) -> None:
        """Write what is new; what the disk does not take, or not yet, is in memory meanwhile."""
        batch, self._batch = self._batch, Batch()
        if not batch:
            return
        try:
            await self._write(batch)
        except Full as refused:
            self._refused(refused)
            self._put_back(batch)
            self._show(self._batch)
        except asyncio.CancelledError:
            self._put_back(batch)  # writing it twice changes nothing
            raise
        else:
            if self.full:
                log.info("agent.buffer_has_room")
            self.refusal = ""
            self._saved(batch)
            self._tell(batch)
            if not self._loaded:
                await self._load_late()
        self.news.set()

    async def _write(self, batch: Batch) -> None:
        """Write one batch; while the disk hangs, let the uplink have what there is."""
        began_s = time.monotonic()
        writing = asyncio.ensure_future(self._do(self.buffer.write, batch))
        shown = 0
        while not (await asyncio.wait([writing], timeout=LOOK_S))[0]:
            self.writing_s = time.monotonic() - began_s
            if not self.slow:
                continue
            if not shown:
                log.warning("agent.disk_hangs")
                self._show(batch)
                self.news.set()
            new = len(self._batch.frames)
            if new != shown:
                self._bound(self._batch)
                self._show(self._batch)
                shown = len(self._batch.frames)
                self.news.set()
        self.writing_s = time.monotonic() - began_s
        writing.result()

    def _refused(self, refused: Full) -> None:
        if refused.why != self.refusal:
            log.error("agent.buffer_takes_nothing", why=refused.why)
        self.refusal = refused.why

    async def close(self) -> None:
        """Write what is new and give the file back."""
        await self.save()
        await self._do(self.buffer.close)
        self._thread.shutdown()

    async def read(self, wish: Wish) -> list[tuple[int, bytes]]:
        """The seconds of a wish, from disk and memory; what is in neither is declared lost.

        Raises:
            Full: the disk gives nothing; nothing is known to be lost.
        """
        held = self._unsaved.get(wish.recording, {})
        found = {seq: frame for seq, frame in held.items() if wish.first <= seq <= wish.last}
        if len(found) < wish.last - wish.first + 1:  # else the disk may rest, or hang
            asked = (wish.recording, wish.first, wish.last, wish.limit)
            found = dict(await self._do(self.buffer.read, *asked)) | found
        seconds = sorted(found.items())[: wish.limit]
        self._find_holes(wish, [seq for seq, _ in seconds])
        return seconds

    def _find_holes(self, wish: Wish, there: list[int]) -> None:
        line = self.uplink.lines.get(wish.recording)
        if line is None:
            return
        top = there[-1] if len(there) == wish.limit else wish.last
        missing = seconds_between(max(wish.first, line.kept.acked + 1), top, there)
        for first, last in without(missing, line.gaps):
            # What was acknowledged once is not missing here: the server was set back.
            event = "agent.seconds_missing" if last > line.safe else "agent.server_set_back"
            log.error(event, recording=str(wish.recording), first=first, last=last)
            self._give_up(wish.recording, first, last, counted=max(0, last - line.safe))

    def _give_up(self, recording: UUID, first: int, last: int, counted: int | None = None) -> None:
        self.given_up += last - first + 1 if counted is None else min(counted, last - first + 1)
        self._batch.gaps.append((recording, first, last))
        self.texts += self.uplink.declare(recording, first, last)
        self._dirty.set()

    def _put_back(self, batch: Batch) -> None:
        """Keep a batch that the disk did not take; the next one carries it."""
        newer, self._batch = self._batch, batch
        batch.began += newer.began
        batch.frames += newer.frames
        batch.gaps += newer.gaps
        batch.ended += newer.ended
        batch.done += newer.done
        for recording, seq in newer.acked.items():
            batch.acked[recording] = max(seq, batch.acked.get(recording, 0))
        self._bound(batch)

    def _bound(self, batch: Batch) -> None:
        """Keep no more in memory than may be kept."""
        # What was acknowledged meanwhile needs no room any more.
        batch.frames = [one for one in batch.frames if one[1] > batch.acked.get(one[0], 0)]
        excess = len(batch.frames) - self._max_unsaved
        if excess <= 0:
            return
        given, batch.frames = batch.frames[:excess], batch.frames[excess:]
        lost: dict[UUID, list[int]] = {}
        for recording, seq, _ in given:
            self._unsaved.get(recording, {}).pop(seq, None)
            lost.setdefault(recording, []).append(seq)
        for recording, seqs in lost.items():
            for first, last in runs(sorted(seqs)):
                self._give_up(recording, first, last)

    def _show(self, batch: Batch) -> None:
        """Let what is only in memory be sent from there."""
        for recording, seq, frame in batch.frames:
            self._unsaved.setdefault(recording, {})[seq] = frame
        self._tell(batch)

    def _saved(self, batch: Batch) -> None:
        for recording, seq, _ in batch.frames:
            held = self._unsaved.get(recording)
            if held is not None:
                held.pop(seq, None)
                if not held:
                    del self._unsaved[recording]

    def _tell(self, batch: Batch) -> None:
        """Let the uplink know what there is now."""
        for kept in batch.began:
            if kept.id not in self.uplink.lines and kept.id not in batch.done:
                self.uplink.know(kept)
        for recording, seq, _ in batch.frames:
            self._grow(recording, seq)
        for recording, first, last in batch.gaps:
            self._grow(recording, last)
            self.texts += self.uplink.declare(recording, first, last)
        for recording in batch.ended:
            if recording in self.uplink.lines:
                self.uplink.lines[recording].kept.ended = True

    def _grow(self, recording: UUID, seq: int) -> None:
        line = self.uplink.lines.get(recording)
        if line is not None:
            line.kept.last_seq = max(line.kept.last_seq, seq)

    async def _do(self, work: Callable[P, T], *given: P.args, **_named: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *given)
