"""The agent as one process: monitors, buffer, connection and status page, wired together."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog

from realtime import frames
from realtime.agent import page, ports
from realtime.agent.bedside import Bedside, Event, Made, Unfinished
from realtime.agent.buffer import Buffer, Kept
from realtime.agent.config import AgentConfig, MonitorConfig
from realtime.agent.decoders.table import kinds
from realtime.agent.keeper import Keeper
from realtime.agent.link import Link
from realtime.agent.moments import possible
from realtime.agent.pace import Pace
from realtime.agent.sole import hold
from realtime.agent.uplink import ClockRead, Opened, Uplink

log = structlog.get_logger()

TICK_S: Final = 0.25
ACK_MS: Final = 2_000
"""What is on disk may wait so long for its acknowledgement; several are then one message."""
WRONG_CLOCK_NS: Final = 1_000_000_000
"""A clock further off than this (and than the round trip) is flagged in every second."""
JUMP_NS: Final = 500_000_000
"""What a clock that is steered does not do between two looks."""


Now = Callable[[], tuple[float, int]]
"""Seconds of a clock that never jumps, and nanoseconds of the wall clock."""


def now() -> tuple[float, int]:
    """This machine's clocks; a box that slept has missed the time, so its sleep counts."""
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME), time.time_ns()
    return time.monotonic(), time.time_ns()


@dataclass(slots=True)
class Monitor:
    """One configured monitor and what it does now."""

    config: MonitorConfig
    bedside: Bedside
    channels: tuple[str, ...]
    trouble: str = field(default="connecting")
    """Why nothing comes from its port; empty while it is open."""
    byte_s: float | None = None
    """When its last byte came."""
    damaged_s: float | None = None
    """When the last block came that could not be read."""
    last_rates: tuple[int, ...] = ()
    """Fetal rates of the last second of a recording, in quarter beats."""


class Station:
    """Everything of one centre; `run` until cancelled.

    Raises:
        BufferInUse: another agent runs on this buffer.
    """

    def __init__(self, config: AgentConfig, now: Now = now) -> None:
        self._lock = hold(Path(config.buffer))
        self.config = config
        self.clock_possible = True
        """Whether the box's clock says a moment that can be one; see `now`."""
        self._clocks = now
        self._clock_wrong = False
        self.keeper = Keeper(Buffer(Path(config.buffer), config.buffer_bytes), Uplink(ACK_MS))
        self.monitors: list[Monitor] = []
        self.link = Link(
            config.gateway,
            Path(config.token_file),
            self.keeper,
            Pace(config.max_kbit_per_s),
            ca_file=config.ca_file,
            on_clock=self._on_clock,
            on_opened=self._on_opened,
            wall_ns=lambda: self.now()[1],
        )
        self._drift_ns: int | None = None

    def now(self) -> tuple[float, int]:
        """The box's clocks.

        Where its wall clock says what cannot be, seconds are stamped from 1970 on by the one that
        never jumps: strips stay true to time, and nobody takes their date for true.
        """
        now_s, wall_ns = self._clocks()
        self.clock_possible = possible(wall_ns)
        return now_s, wall_ns if self.clock_possible else round(now_s * 1e9)

    async def run(self) -> None:
        """Read, keep and send until cancelled; then write what is new."""
        await self._load()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(page.serve(self, self.config.status_port))
                group.create_task(self._tick())
                group.create_task(self.keeper.run())
                group.create_task(self.link.run())
                for monitor in self.monitors:
                    group.create_task(self._read(monitor))
        finally:
            await self.keeper.close()
            if self._lock is not None:
                os.close(self._lock)

    async def _load(self) -> None:
        """Go on with what ran when the process ended; what is too long ago is complete."""
        running: dict[str, Kept] = {}
        for kept in await self.keeper.load():
            if not kept.ended:
                before = running.get(kept.device)
                if before is not None:
                    self.keeper.end(before.id)
                running[kept.device] = kept
        for config in self.config.monitor:
            kept_one = running.pop(config.device, None)
            unfinished = None if kept_one is None else self._unfinished(config, kept_one)
            kind = kinds()[config.kind]
            bedside = Bedside(
                config.device,
                kind.decoder(),
                off_s=config.off_s,
                start=config.start,
                unfinished=unfinished,
            )
            self.monitors.append(Monitor(config, bedside, kind.channels))
        for left in running.values():
            self.keeper.end(left.id)  # its monitor is not configured any more

    def _unfinished(self, config: MonitorConfig, kept: Kept) -> Unfinished | None:
        ended_ns = kept.last_ns + frames.FRAME_PERIOD_NS
        if self.now()[1] - ended_ns > config.off_s * 1_000_000_000:
            self.keeper.end(kept.id)
            return None
        return Unfinished(kept.id, kept.last_ns, kept.last_seq)

    async def _read(self, monitor: Monitor) -> None:
        kind = kinds()[monitor.config.kind]

        def feed(data: bytes) -> None:
            bad, monitor.byte_s = monitor.bedside.decoder.bad, self.now()[0]
            try:
                events = self._linked(monitor).feed(data, *self.now())
            except Exception:
                # A plug-in's mistake ends neither the other monitors nor, for long, this one.
                log.exception("agent.decoder_failed", device=monitor.config.device)
                monitor.bedside.plug(kind.decoder())
                monitor.bedside.decoder.bad += 1
            else:
                self._keep(monitor, events)
            if monitor.bedside.decoder.bad > bad:
                monitor.damaged_s = monitor.byte_s

        def tell(trouble: str) -> None:
            monitor.trouble = trouble
            if not trouble:
                monitor.bedside.plug(kind.decoder())

        baud = monitor.config.baud or kind.baud
        await ports.watch(monitor.config.port, baud, kind.hello, feed, tell)

    async def _tick(self) -> None:
        while True:
            self._watch_clock()
            for monitor in self.monitors:
                self._keep(monitor, self._linked(monitor).tick(*self.now()))
            await asyncio.sleep(TICK_S)

    def _linked(self, monitor: Monitor) -> Bedside:
        """The monitor, knowing whether what it makes now can be sent, and dated, now."""
        bedside = monitor.bedside
        bedside.unsynchronised = self._clock_wrong or not self.clock_possible
        bedside.linked = self.keeper.uplink.linked(bedside.recording)
        return bedside

    def _keep(self, monitor: Monitor, events: list[Event]) -> None:
        if events:
            made = next((one for one in reversed(events) if isinstance(one, Made)), None)
            if made is not None:
                monitor.last_rates = frames.fetal_rates(made.frame)[: _fetuses(monitor.channels)]
            self.keeper.take(monitor.config.bed, monitor.channels, events)

    def _watch_clock(self) -> None:
        """Notice when the wall clock is set while we run."""
        now_s, wall_ns = self.now()
        drift_ns = wall_ns - round(now_s * 1e9)
        was_ns, self._drift_ns = self._drift_ns, drift_ns
        if was_ns is not None and abs(drift_ns - was_ns) > JUMP_NS:
            log.warning("agent.clock_jumped", by_ms=(drift_ns - was_ns) // 1_000_000)
            self.link.clock_jumped(drift_ns - was_ns)

    def _on_clock(self, read: ClockRead) -> None:
        self._clock_wrong = abs(read.offset_ns) > max(WRONG_CLOCK_NS, read.rtt_ns)

    def _on_opened(self, opened: Opened) -> None:
        """The server may know more than the disk does: its numbers are taken."""
        for monitor in self.monitors:
            if monitor.bedside.recording == opened.recording:
                monitor.bedside.skip_to(opened.durable)


def _fetuses(channels: tuple[str, ...]) -> int:
    return sum(channel.startswith("fhr") for channel in channels)
