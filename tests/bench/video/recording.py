"""Test 9: eight people recorded, what that costs, and what is left after `kill -9`."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from uuid import UUID

import av

from consult.media.engine import Recording, Source
from consult.media.recording.shelf import Part, Shelf
from kernel.clock import SystemClock
from kernel.ids import new_id
from tests.bench.ctg.usage import cpu_ns
from tests.bench.video.runs import LATE_MS, ROOM, WARM_S, Found, Wanted, replayed
from tests.consult.media.peers.houses import RunningHouse, forward_house, somebody

TAIL_S: Final = 2.5
"""A kill may cost so much of each file's end: what was not given to the disk, and a cluster."""
SOURCES: Final = (Source.MICROPHONE, Source.CAMERA)


@dataclass(frozen=True, slots=True)
class Left:
    """What lies there after the kill."""

    files: int
    frames: int
    decoded: int
    tail_s: float
    """Longest time before the kill that a file lacks."""

    @property
    def readable(self) -> bool:
        """Everybody's sound and picture plays, up to the kill."""
        whole = self.files == ROOM * len(SOURCES) and self.decoded == self.frames > 0
        return whole and self.tail_s <= TAIL_S


async def recorded(valkey_url: str, wanted: Wanted) -> Found:
    """Cores of the worker for eight without and with recording; then it is killed."""
    with TemporaryDirectory(prefix="ys-recorded-") as place:
        async with forward_house(valkey_url, Path(place)) as house:
            people = [somebody() for _ in range(ROOM)]
            given = [await house.ticket(who) for who in people]
            tickets = [{"url": one.url, "token": one.token} for one in given]
            async with replayed("forward", tickets) as ask:
                await asyncio.sleep(WARM_S)
                await ask()
                without = await _cores(house, wanted.seconds)
                recording = UUID(int=new_id().int)
                agreed = Recording(recording, frozenset(who.id for who in people))
                await house.engine.set_recording(house.room, agreed)
                await asyncio.sleep(2)
                with_it = await _cores(house, wanted.seconds)
                late_ms = (await ask())["late_ms"]
                house.process.kill()
                killed_at = SystemClock().now()
                house.process.wait()
            assert house.shelf is not None
            left = await asyncio.to_thread(_left, house.shelf, recording, killed_at)
    extra = round(with_it - without, 3)
    said = (
        f"recording: {without:.3f} core for eight, {with_it:.3f} recorded; killed: {left.files}"
        f" files, {left.decoded} of {left.frames} frames decode, at most the last"
        f" {left.tail_s:.1f} s lost"
    )
    figures: dict[str, object] = {"recording_readable_after_kill": left.readable}
    if late_ms <= LATE_MS:
        figures["recording_extra_cores"] = extra
    else:
        said += f"; cost VOID, people made of packets were up to {late_ms} ms late"
    return Found(figures, [said])


async def _cores(house: RunningHouse, seconds: float) -> float:
    before, began = cpu_ns(house.process.pid), time.monotonic()
    await asyncio.sleep(seconds)
    return (cpu_ns(house.process.pid) - before) / 1e9 / (time.monotonic() - began)


def _left(shelf: Shelf, recording: UUID, killed_at: datetime) -> Left:
    parts = shelf.parts(recording)
    tails = [
        killed_at - part.label.began_at - timedelta(milliseconds=part.length_ms) for part in parts
    ]
    return Left(
        files=len(parts),
        frames=sum(part.frames for part in parts),
        decoded=sum(_decodes(shelf, recording, part) for part in parts),
        tail_s=max((tail.total_seconds() for tail in tails), default=float("inf")),
    )


def _decodes(shelf: Shelf, recording: UUID, part: Part) -> int:
    with av.open(shelf.content(recording, part.id), "r") as container:
        return sum(1 for _ in container.decode(container.streams[0]))
