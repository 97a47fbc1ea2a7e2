"""Sends recordings or synthetic tracings to a gateway as a centre's agent would.

A second leaves the buffer only when it is acknowledged; after a cut the connection is made again
and every stream goes on at the number that the gateway names. One connection carries all streams.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from realtime import frames
from realtime.monitor import Monitor, Report
from realtime.recordings.series import read_series
from realtime.sources import Recorded, Source, Synthetic
from realtime.synthesiser import scenarios

log = structlog.get_logger()

CLOCK_EVERY_S: Final = 60.0
REOPEN_S: Final = 1.0
_RETRY: Final = frozenset({"ctg.storage_unavailable", "ctg.taken_over"})


class Rejected(Exception):
    """The gateway will not take this stream; trying again would not help."""


class Replayer:
    """Up to 64 monitors over one connection that is made again whenever it is cut."""

    def __init__(self, url: str, token: str, monitors: Sequence[Monitor], *, speed: float = 1.0):
        if not 1 <= len(monitors) <= 64:
            raise ValueError("one connection carries 1 to 64 monitors")
        self._url = url.rstrip("/") + "/ctg/ingest"
        self._token = token
        self._monitors = {monitor.number: monitor for monitor in monitors}
        self._speed = speed
        self._due = 0.0
        self.report = Report()

    async def run(self) -> Report:
        """Send until every source has ended and is acknowledged (never, with endless ones).

        Raises:
            Rejected: the token or a device is not known to the gateway.
        """
        now_ns = time.time_ns()
        for monitor in self._monitors.values():
            # Faster than life: begin so far in the past that the last second is now.
            length_s = monitor.source.seconds or 0
            monitor.started_ns = now_ns - int(length_s * (1 - 1 / self._speed) * 1e9)
        self._due = time.monotonic()
        sockets = connect(
            self._url,
            subprotocols=[_PROTOCOL],
            additional_headers={"Authorization": f"Bearer {self._token}"},
            compression=None,
            max_size=2**20,
            process_exception=_retry_or_raise,
        )
        async for socket in sockets:
            self.report.connections += 1
            try:
                await self._converse(socket)
            except ConnectionClosed as cut:
                log.warning("replay.cut", reason=str(cut.rcvd.reason) if cut.rcvd else "")
            if all(monitor.state == "done" for monitor in self._monitors.values()):
                await socket.close()
                break
            for monitor in self._monitors.values():
                if monitor.state != "done":
                    monitor.state = "new"
        if self.report.refused:
            raise Rejected(", ".join(self.report.refused))
        return self.report

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
        while any(monitor.state != "done" for monitor in self._monitors.values()):
            for monitor in self._monitors.values():
                await self._advance_state(socket, monitor)
            now = time.monotonic()
            if now >= self._due:
                # After a stall the seconds that were missed are made up for, in small bundles.
                await self._send_second(socket, now)
                self._due += 1 / self._speed
                await asyncio.sleep(0)
            else:
                await asyncio.sleep(min(self._due - now, 0.05))

    async def _advance_state(self, socket: ClientConnection, monitor: Monitor) -> None:
        if monitor.state == "new":
            monitor.state = "opening"
            started = datetime.fromtimestamp(monitor.started_ns / 1e9, UTC)
            await self._say(
                socket,
                type="open",
                stream=monitor.number,
                device=monitor.device,
                recording=monitor.recording,
                channels=monitor.source.channels,
                started_at=started,
                bed=monitor.bed,
            )
        elif monitor.state == "open" and monitor.ended and not monitor.pending:
            monitor.state = "closing"
            last = monitor.produced
            await self._say(socket, type="close", stream=monitor.number, last_seq=last)

    async def _send_second(self, socket: ClientConnection, now: float) -> None:
        bundle = []
        for monitor in self._monitors.values():
            if monitor.state == "done" or monitor.ended:
                continue
            frame = monitor.produce()
            # While a stream is not open its seconds wait in the buffer.
            if frame is not None and monitor.state == "open":
                bundle.append(frame)
                self._count(monitor, [frame])
                monitor.sent[frames.seq_of(frame)] = now
        if bundle:
            await socket.send(frames.build_bundle(bundle))

    async def _resend(self, socket: ClientConnection, monitor: Monitor) -> None:
        """Send all that waits, also what is produced meanwhile; then the stream is open."""
        upto = 0
        while True:
            waiting = [frame for frame in monitor.pending if frames.seq_of(frame) > upto]
            part = waiting[: frames.MAX_BUNDLE_FRAMES]
            if not part:
                monitor.state = "open"
                return
            now = time.monotonic()
            for frame in part:
                monitor.sent[frames.seq_of(frame)] = now
            upto = frames.seq_of(part[-1])
            self._count(monitor, part)
            await socket.send(frames.build_bundle(part))

    def _count(self, monitor: Monitor, part: Sequence[bytes]) -> None:
        fresh = sum(1 for frame in part if frames.seq_of(frame) > monitor.highest)
        monitor.highest = max(monitor.highest, frames.seq_of(part[-1]))
        self.report.frames_sent += fresh
        self.report.frames_resent += len(part) - fresh

    async def _clock(self, socket: ClientConnection) -> None:
        while True:
            extra: dict[str, Any] = {}
            if self.report.clock_offset_ns is not None:
                extra = {
                    "offset_ns": self.report.clock_offset_ns,
                    "rtt_ns": self.report.clock_rtt_ns,
                }
            await self._say(socket, type="time", t1=time.time_ns(), **extra)
            await asyncio.sleep(CLOCK_EVERY_S if extra else 1.0)

    @staticmethod
    async def _say(socket: ClientConnection, **message: Any) -> None:
        await socket.send(msgspec.json.encode(message).decode())

    # Listening

    async def _listen(self, socket: ClientConnection) -> None:
        async for data in socket:
            if isinstance(data, bytes):
                self._on_ack(data)
            else:
                await self._on_message(socket, msgspec.json.decode(data))

    def _on_ack(self, data: bytes) -> None:
        now = time.monotonic()
        for number, seq in frames.read_ack(data):
            monitor = self._monitors[number]
            for done in range(monitor.acked + 1, seq + 1):
                sent = monitor.sent.pop(done, None)
                if sent is not None:
                    self.report.ack_ms.append((now - sent) * 1000)
            self.report.frames_acked += max(0, seq - monitor.acked)
            monitor.settle(seq)

    async def _on_message(self, socket: ClientConnection, message: dict[str, Any]) -> None:
        kind = message.get("type")
        if kind == "time":
            self._on_time(message, time.time_ns())
            return
        monitor = self._monitors[message["stream"]]
        if kind == "opened":
            durable = message["next_seq"] - 1
            self.report.frames_acked += max(0, durable - monitor.acked)
            monitor.settle(durable)
            await self._resend(socket, monitor)
        elif kind == "closed":
            monitor.state = "done"
        elif kind == "refused":
            await self._on_refused(monitor, message["code"])

    async def _on_refused(self, monitor: Monitor, code: str) -> None:
        log.warning("replay.refused", device=monitor.device, code=code)
        if code in _RETRY:
            await asyncio.sleep(REOPEN_S)
            monitor.state = "new"
        elif code == "ctg.close_incomplete":
            monitor.state = "open"
        elif code != "ctg.conflicting_frame":
            self.report.refused.append(f"{monitor.device}: {code}")
            monitor.state = "done"

    def _on_time(self, message: dict[str, Any], t4: int) -> None:
        t1, t2, t3 = message["t1"], message["t2"], message["t3"]
        self.report.clock_offset_ns = ((t2 - t1) + (t3 - t4)) // 2
        self.report.clock_rtt_ns = (t4 - t1) - (t3 - t2)


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
        Monitor(number + 1, devices[number], source, beds[number] if number < len(beds) else "")
        for number, source in enumerate(sources)
    ]
    return await Replayer(url, token, monitors, speed=speed).run()


def _recorded(path: Path, loop: bool) -> Recorded:
    series = read_series(path)
    if series.saturated:
        log.warning("replay.toco_saturated", file=path.name, samples=series.saturated)
    return Recorded(series, loop=loop)
