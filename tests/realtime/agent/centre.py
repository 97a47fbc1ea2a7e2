"""A centre for tests: an agent, a monitor that says what it is told, a cable that can be cut."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from realtime import frames
from realtime.agent.config import read_config
from realtime.agent.decoders.table import kinds
from realtime.agent.simulator import seconds_of
from realtime.agent.station import Station
from realtime.agent.uplink import unsent
from realtime.sources import Synthetic
from tests.fixtures.ports import free_port

CONFIG = """
gateway = "{url}"
token_file = "token"
buffer_days = 1.0
status_port = {status}
[[monitor]]
device = "SN-0001"
bed = "产房1床"
kind = "{kind}"
port = "tcp://127.0.0.1:{port}"
off_s = 600
"""


class Cuttable:
    """A TCP line to a port on this machine that can be cut, frozen and mended."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self._whole = True
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._port = 0
        self.sent = 0
        """Bytes that the agent has sent."""

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self._port}"

    async def start(self, tls: ssl.SSLContext | None = None) -> None:
        self._server = await asyncio.start_server(self._join, "127.0.0.1", 0, ssl=tls)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self.cut()
        assert self._server is not None
        self._server.close()

    def lead(self, to: int) -> None:
        """Whoever connects from now on comes to another port."""
        self._to = to
        self.cut()
        self._whole = True

    def cut(self) -> None:
        """Both ends see the end; new connections are refused."""
        self._whole = False
        for end in list(self._ends):
            end.transport.abort()

    def freeze(self) -> None:
        """Nothing passes and nobody is told: half open."""
        self._flowing.clear()

    def mend(self) -> None:
        """New connections pass; frozen ones are gone."""
        self.cut()
        self._whole = True
        self._flowing.set()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._whole:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:
            writer.transport.abort()
            return
        self._ends |= {writer, far_writer}
        ways = [self._pass(reader, far_writer, count=True), self._pass(far_reader, writer)]
        await asyncio.gather(*ways, return_exceptions=True)
        self._ends -= {writer, far_writer}

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, count: bool = False
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                await self._flowing.wait()
                self.sent += len(data) if count else 0
                writer.write(data)
                await writer.drain()
        writer.transport.abort()


class Centre:
    """One agent in this process and its one monitor, whose seconds come when the test says."""

    def __init__(
        self, place: Path, gateway: str, token: str, *, kind: str = "csv", head: str = ""
    ) -> None:
        self.token = place / "token"
        self.token.write_text(token)
        self.told: list[list[int]] = []
        """Rates of the first fetus in every second that was said."""
        self._file = place / "agent.toml"
        self._port, self._status = free_port(), free_port()
        self._file.write_text(
            head + CONFIG.format(url=gateway, port=self._port, status=self._status, kind=kind)
        )
        self._kind = kind
        self._voice = kinds()[kind].voice()
        self._seconds = seconds_of(Synthetic("reactive", 3))
        self._mouths: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None
        self._run: asyncio.Task[None] | None = None
        self._began_ns = time.time_ns()
        self._now_s = 1.0
        self._set_ns = 0
        self.station: Station

    async def start(self) -> None:
        """Switch the monitor on, start the agent, wait until it listens to the monitor."""
        if self._server is None:
            self._server = await asyncio.start_server(self._greet, "127.0.0.1", self._port)
        self._mouths.clear()
        self.station = Station(read_config(self._file), self._clock)
        self._run = asyncio.create_task(self.station.run())
        async with asyncio.timeout(10):
            while not (self._mouths and self.station.monitors):
                await asyncio.sleep(0.01)

    async def _greet(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._kind in {"csv", "json"}:
            writer.write(b"\n")  # a line begins here
        self._mouths.append(writer)

    async def say(self, seconds: int) -> None:
        """Say so many seconds, faster than life, and wait until the agent has made them durable."""
        for second in islice(self._seconds, seconds):
            self.told.append([sample.fhr1 for sample in second])
            self._now_s += 1.0
            self._mouths[-1].write(self._voice.say(second))
            await self._hear_more_than(self.heard)
        if self.station.monitors[0].bedside.recording is not None:
            await self._until(lambda: self.kept >= self.heard)

    async def _hear_more_than(self, before: int) -> None:
        await self._until(lambda: self.heard > before)

    def mutter(self, data: bytes) -> None:
        """Send bytes that say nothing."""
        self._mouths[-1].write(data)

    async def utter(self, seconds: int) -> None:
        """Say so many seconds in a form that may lose some, without waiting for them."""
        for second in islice(self._seconds, seconds):
            self._now_s += 1.0
            self._mouths[-1].write(self._voice.say(second))
            await self._mouths[-1].drain()
            await asyncio.sleep(0.02)

    @staticmethod
    async def _until(met: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not met():
                await asyncio.sleep(0.002)

    def _clock(self) -> tuple[float, int]:
        return self._now_s, self._began_ns + self._set_ns + round(self._now_s * 1e9)

    def true_clock(self) -> None:
        """Set the box's clock right: it has run ahead with what was said faster than life."""
        self._set_ns += time.time_ns() - self._clock()[1]

    def set_clock(self, by_s: float) -> None:
        """Somebody, or the network's time, sets the box's clock."""
        self._set_ns += round(by_s * 1e9)

    @property
    def heard(self) -> int:
        """Seconds that have come through the decoder."""
        bedside = self.station.monitors[0].bedside
        return bedside.seq if bedside.recording is not None else bedside.presence.signal_s

    @property
    def kept(self) -> int:
        """Seconds of the recording that the buffer or memory has."""
        lines = self.station.keeper.uplink.lines.values()
        return max((line.kept.last_seq for line in lines), default=0)

    @property
    def unsent(self) -> int:
        """Seconds that are not acknowledged."""
        return unsent(self.station.keeper.uplink.lines.values())

    @property
    def settled(self) -> bool:
        """Whether something was recorded and all of it is acknowledged."""
        return self.kept > 0 and self.unsent == 0

    @staticmethod
    def rates(frame: bytes) -> list[int]:
        """Rates of the first fetus in a stored frame."""
        return [int(rate) for rate in frames.view_frames(frame)["samples"]["fhr1"][0]]

    async def page(self, path: str, host: str = "localhost") -> str:
        """The status page's answer, head and body."""
        return await self.page_at(self._status, path, host)

    @staticmethod
    async def page_at(port: int, path: str, host: str = "localhost") -> str:
        """The same of any agent on this machine."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        try:
            return (await reader.read()).decode()
        finally:
            writer.close()

    async def fill_disk(self) -> None:
        """The file may not grow any more."""
        await self._limit("(SELECT page_count FROM pragma_page_count)")

    async def empty_disk(self) -> None:
        """The file may grow again."""
        await self._limit("100000")

    async def _limit(self, pages: str) -> None:
        keeper = self.station.keeper
        db = keeper.buffer.database
        count = db.execute(f"SELECT {pages}").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {count}")

    async def end(self) -> None:
        """End the agent; the monitor stays on."""
        for mouth in self._mouths:
            mouth.close()
        assert self._run is not None
        self._run.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._run

    async def stop(self) -> None:
        if self._run is not None and not self._run.done():
            await self.end()
        if self._server is not None:
            self._server.close()
