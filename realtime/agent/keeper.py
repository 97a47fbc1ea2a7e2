"""Between monitors and buffer: what is new, made durable in one go, then known to the uplink.

While the buffer has no room, what is new stays in memory: it is sent from there, and written as
soon as there is room again. Memory is bounded too; beyond it the oldest seconds that are nowhere
else are given up and declared as a gap, never silently.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar
from uuid import UUID

import structlog

from realtime.agent.bedside import Began, Ended, Event, Lost, Made
from realtime.agent.buffer import Batch, Buffer, Full, Kept, seconds_between, without
from realtime.agent.uplink import Uplink, Wish

log = structlog.get_logger()
P = ParamSpec("P")
T = TypeVar("T")

MAX_UNSAVED: Final = 38_400
"""Ten minutes of 64 monitors, some ten megabytes."""
RETRY_S: Final = 1.0


class Keeper:
    """Owns the buffer. Everything here runs on the loop, except SQLite itself."""

    def __init__(self, buffer: Buffer, uplink: Uplink, *, max_unsaved: int = MAX_UNSAVED) -> None:
        self.uplink = uplink
        self.full = False
        """Whether the disk took nothing the last time."""
        self.given_up = 0
        """Seconds lost because there was room neither on disk nor in memory."""
        self.news = asyncio.Event()
        """Set when there may be something to send."""
        self.buffer = buffer
        self._batch = Batch()
        self._unsaved: dict[UUID, dict[int, bytes]] = {}
        self._dirty = asyncio.Event()
        self._max_unsaved = max_unsaved
        self._thread = ThreadPoolExecutor(1, "buffer")
        self.texts: list[str] = []
        """Gaps of open recordings that the server is to be told now."""

    async def load(self) -> list[Kept]:
        """Everything that the buffer holds, told to the uplink."""
        found = await self._do(self.buffer.kept)
        for kept in found:
            self.uplink.know(kept, await self._do(self.buffer.gaps, kept.id))
        return found

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
            if self.full:
                await asyncio.sleep(RETRY_S)
                self._dirty.set()

    async def save(self) -> None:
        """Write what is new; on a full disk keep it in memory."""
        batch, self._batch = self._batch, Batch()
        if not batch:
            return
        try:
            await self._do(self.buffer.write, batch)
            if self.full:
                log.info("agent.buffer_has_room")
            self.full = False
            self._saved(batch)
        except Full:
            if not self.full:
                log.error("agent.buffer_full")
            self.full = True
            self._hold(batch)
        self._tell(batch)
        self.news.set()

    async def close(self) -> None:
        """Write what is new and give the file back."""
        await self.save()
        await self._do(self.buffer.close)
        self._thread.shutdown()

    async def read(self, wish: Wish) -> list[tuple[int, bytes]]:
        """The seconds of a wish, from disk and memory; what is in neither is declared lost."""
        disk = await self._do(self.buffer.read, wish.recording, wish.first, wish.last, wish.limit)
        found = dict(disk)
        held = self._unsaved.get(wish.recording, {})
        found |= {seq: frame for seq, frame in held.items() if wish.first <= seq <= wish.last}
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
            log.error(
                "agent.seconds_missing", recording=str(wish.recording), first=first, last=last
            )
            self._give_up(wish.recording, first, last)

    def _give_up(self, recording: UUID, first: int, last: int) -> None:
        self.given_up += last - first + 1
        self._batch.gaps.append((recording, first, last))
        self.texts += self.uplink.declare(recording, first, last)
        self._dirty.set()

    def _hold(self, batch: Batch) -> None:
        """Keep a batch that the disk did not take; the next one carries it."""
        for recording, seq, frame in batch.frames:
            self._unsaved.setdefault(recording, {})[seq] = frame
        newer, self._batch = self._batch, batch
        batch.began += newer.began
        batch.frames += newer.frames
        batch.gaps += newer.gaps
        batch.ended += newer.ended
        batch.done += newer.done
        for recording, seq in newer.acked.items():
            batch.acked[recording] = max(seq, batch.acked.get(recording, 0))
        # What was acknowledged meanwhile needs no room any more.
        batch.frames = [one for one in batch.frames if one[1] > batch.acked.get(one[0], 0)]
        excess = len(batch.frames) - self._max_unsaved
        if excess > 0:
            given, batch.frames = batch.frames[:excess], batch.frames[excess:]
            for recording, seq, _ in given:
                self._unsaved.get(recording, {}).pop(seq, None)
                self._give_up(recording, seq, seq)

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
