"""Sends recordings or synthetic tracings to a gateway as a centre's agent would.

The agent's own uplink speaks (`realtime.agent.uplink`); only the buffer is another: what is
replayed can be made again, so it waits in memory. A second leaves it only when it is acknowledged.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import structlog
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from realtime import frames
from realtime.agent.link import Straight, delays
from realtime.agent.uplink import (
    MAX_STREAMS,
    SOON,
    Acked,
    ClockRead,
    Closed,
    Event,
    Opened,
    Refused,
    Uplink,
    Wrong,
)
from realtime.monitor import Monitor, Report
from realtime.recordings.series import read_series
from realtime.sources import Recorded, Source, Synthetic
from realtime.synthesiser import scenarios

log = structlog.get_logger()

CLOCK_EVERY_S: Final = 60.0
REOPEN_S: Final = 1.0
IDLE_S: Final = 0.05


class Rejected(Exception):
    """The gateway will not take this stream; trying again would not help."""


class Replayer:
    """Up to 64 monitors over one connection that is made again whenever it is cut."""

    def __init__(self, url: str, token: str, monitors: Sequence[Monitor], *, speed: float = 1.0):
        if not 1 <= len(monitors) <= MAX_STREAMS:
            raise ValueError("one connection carries 1 to 64 monitors")
        self._url = url.rstrip("/") + "/ctg/ingest"
        self._token = token
        self._monitors = {monitor.recording: monitor for monitor in monitors}
        self._running = set(self._monitors)
        self._uplink = Uplink()
        self._speed = speed
        self._due = 0.0
        self.report = Report()

    async def run(self) -> Report:
        """Send until every source has ended and is acknowledged (never, with endless ones).

        Raises:
            Rejected: the token or a device is not known to the gateway.
        """
        self._begin()
        sockets = Straight(
            self._url,
            subprotocols=[_PROTOCOL],
            additional_headers={"Authorization": f"Bearer {self._token}"},
            compression=None,
            max_size=2**20,
            process_exception=_retry_or_raise,
            reconnect_delays=delays,
        )
        async for socket in sockets:
            self.report.connections += 1
            await self._meet(socket)
            if not self._running:
                await socket.close()
                break
        if self.report.refused:
            raise Rejected(", ".join(self.report.refused))
        return self.report

    def _begin(self) -> None:
        now_ns = time.time_ns()
        for monitor in self._monitors.values():
            if not monitor.produced:
                # Faster than life: begin so far in the past that the last second is now.
                length_s = monitor.source.seconds or 0
                monitor.started_ns = now_ns - int(length_s * (1 - 1 / self._speed) * 1e9)
            self._uplink.know(monitor.kept())
        self._due = time.monotonic()

    async def _meet(self, socket: ClientConnection) -> None:
        self._uplink.connected()
        try:
            await self._converse(socket)
        except ConnectionClosed as cut:
            log.warning("replay.cut", reason=str(cut.rcvd.reason) if cut.rcvd else "")
        except Wrong as wrong:
            log.error("replay.wrong_answer", detail=str(wrong))
            await socket.close()
            await asyncio.sleep(REOPEN_S)
        finally:
            self._uplink.lost()

    async def _converse(self, socket: ClientConnection) -> None:
        tasks = [
            asyncio.create_task(work)
            for work in (self._listen(socket), self._send(socket), self._clock(socket))
        ]
        try:
            done, _ = await asyncio.wait(tasks[:2], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # Sending

    async def _send(self, socket: ClientConnection) -> None:
        while self._running:
            now = time.monotonic()
            if now >= self._due:
                # After a stall the seconds that were missed are made up for, in small bundles.
                self._produce()
                self._due += 1 / self._speed
            for text in self._uplink.step(now):
                await socket.send(text)
            bundle = self._gather(now)
            if bundle:
                await socket.send(frames.build_bundle(bundle))
            await asyncio.sleep(0 if bundle else min(max(0.0, self._due - now), IDLE_S))

    def _produce(self) -> None:
        """One more second of every monitor; while its stream is not open it waits."""
        for recording in self._running:
            monitor, kept = self._monitors[recording], self._uplink.lines[recording].kept
            if not monitor.ended and monitor.produce() is not None:
                kept.last_seq, kept.ended = monitor.produced, monitor.ended
                self._uplink.know(kept)

    def _gather(self, now: float) -> list[bytes]:
        """What may go now of all monitors, in one message."""
        bundle: list[bytes] = []
        while (wish := self._uplink.wish(frames.MAX_BUNDLE_FRAMES - len(bundle))) is not None:
            monitor = self._monitors[wish.recording]
            part = self._uplink.pack(wish, monitor.read(wish))
            self._count(monitor, part, now)
            bundle += part
        return bundle

    def _count(self, monitor: Monitor, part: Sequence[bytes], now: float) -> None:
        for frame in part:
            seq = frames.seq_of(frame)
            fresh = seq not in monitor.sent
            self.report.frames_sent += fresh
            self.report.frames_resent += not fresh
            monitor.sent[seq] = now

    async def _clock(self, socket: ClientConnection) -> None:
        while True:
            await socket.send(self._uplink.time_text(time.time_ns()))
            await asyncio.sleep(1.0 if self.report.clock_offset_ns is None else CLOCK_EVERY_S)

    # Listening

    async def _listen(self, socket: ClientConnection) -> None:
        async for data in socket:
            if isinstance(data, bytes):
                events = self._uplink.receive_binary(data)
            else:
                events = self._uplink.receive_text(data, time.time_ns(), time.monotonic())
            for event in events:
                await self._on(socket, event)

    async def _on(self, socket: ClientConnection, event: Event) -> None:
        if isinstance(event, ClockRead):
            self.report.clock_offset_ns = event.offset_ns
            self.report.clock_rtt_ns = event.rtt_ns
            return
        monitor = self._monitors[event.recording]
        if isinstance(event, Acked):
            now = time.monotonic()
            self.report.frames_acked += max(0, event.seq - monitor.acked)
            self.report.ack_ms.extend((now - sent) * 1000 for sent in monitor.settle(event.seq))
        elif isinstance(event, Opened):
            for text in self._taken_at(monitor, event.durable):
                await socket.send(text)
        elif isinstance(event, Closed):
            self._running.discard(event.recording)
        elif isinstance(event, Refused):
            self._on_refused(monitor, event)

    def _taken_at(self, monitor: Monitor, durable: int) -> list[str]:
        """Go on behind what the server has; what it lost is here no more, and said to be lost."""
        if durable < monitor.acked:
            return self._uplink.declare(monitor.recording, durable + 1, monitor.acked)
        self.report.frames_acked += durable - monitor.acked
        monitor.settle(durable)
        return []

    def _on_refused(self, monitor: Monitor, refused: Refused) -> None:
        log.warning("replay.refused", device=monitor.device, code=refused.code)
        held = self._uplink.lines[monitor.recording].code
        if held and held not in SOON:
            # An agent would wait for people to mend it; who replays is told.
            self.report.refused.append(f"{monitor.device}: {refused.code}")
            self._running.discard(monitor.recording)
            del self._uplink.lines[monitor.recording]


_PROTOCOL: Any = frames.PROTOCOL


def _retry_or_raise(error: Exception) -> Exception | None:
    """Wait and try again, unless the gateway says that we may not pass."""
    if isinstance(error, InvalidStatus) and error.response.status_code < 500:
        return Rejected(f"the gateway answered {error.response.status_code}")
    return None if isinstance(error, OSError | TimeoutError | InvalidHandshake) else error


async def replay(
    url: str,
    token: str,
    devices: Sequence[str],
    *,
    files: Sequence[Path] = (),
    synth: Sequence[str] = (),
    speed: float = 1.0,
    loop: bool = False,
    seconds: int | None = None,
    seed: int = 1,
    beds: Sequence[str] = (),
) -> Report:
    """Send files, then synthetic scenarios, each as the monitor of the same place in `devices`.

    Args:
        url: the gateway, `ws://…`, without a path.
        token: the agent's or device's bearer token.
        devices: serial numbers that the gateway knows.
        files: .hea, .dat, .fhr or .fhrm.
        synth: names of scenarios.
        speed: 1 to 60 times life.
        loop: begin again at the end of a file.
        seconds: length of synthetic tracings; endless when None.
        seed: decides the synthetic tracings.
        beds: names of beds, in the order of the devices.

    Raises:
        Rejected: the gateway does not know the token or a device.
        NotReadable: a file cannot be read without loss.
        ValueError: an argument makes no sense; the message says which.
    """
    if not 1 <= speed <= 60:
        raise ValueError("speed is 1 to 60")
    unknown = set(synth) - set(scenarios())
    if unknown:
        raise ValueError(f"no such scenario: {', '.join(sorted(unknown))}")
    sources: list[Source] = [_recorded(path, loop) for path in files]
    sources += [Synthetic(name, seed + number, seconds) for number, name in enumerate(synth)]
    if not sources:
        raise ValueError("name a file or a scenario")
    if len(devices) < len(sources):
        raise ValueError(f"{len(sources)} tracings need as many devices, {len(devices)} given")
    monitors = [
        Monitor(devices[number], source, beds[number] if number < len(beds) else "")
        for number, source in enumerate(sources)
    ]
    return await Replayer(url, token, monitors, speed=speed).run()


def _recorded(path: Path, loop: bool) -> Recorded:
    series = read_series(path)
    if series.saturated:
        log.warning("replay.toco_saturated", file=path.name, samples=series.saturated)
    return Recorded(series, loop=loop)
