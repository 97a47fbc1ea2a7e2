"""A poor line between one browser and a worker, in user space: loss, a narrow downlink, a cut.

A page is given the address of a `Line` instead of the worker's. The line passes signalling on and
puts its own ports in the place of both sides' candidates, so that every packet goes through it.
It needs no rights and no kernel module; a machine without netem is enough.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from consult.media.forward.channel import PROTOCOL

HOST: Final = "127.0.0.1"
BURST_S: Final = 0.25
"""What a policer lets through at once, in seconds of its rate."""
CANDIDATE: Final = re.compile(
    r"(?P<head>a=candidate:\S+ \d+ udp \d+) \S+ (?P<port>\d+) (?P<tail>typ host.*)", re.IGNORECASE
)
ANY_CANDIDATE: Final = re.compile(r"a=(candidate:.*|end-of-candidates)\r\n")

Address = tuple[str, int]


@dataclass(slots=True)
class Weather:
    """One direction of a line. What is over the rate is dropped, not kept waiting."""

    loss: float = 0.0
    rate_bps: float | None = None
    delay_s: float = 0.0
    cut: bool = False
    passed: int = 0
    dropped: int = 0
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    _bytes: float = 0.0
    _at: float = 0.0

    def lets_through(self, size: int, at: float) -> bool:
        """Whether a packet of `size` bytes arrives; `at` is seconds of a steady clock."""
        arrives = not self.cut and self.chance.random() >= self.loss and self._fits(size, at)
        self.passed += arrives
        self.dropped += not arrives
        return arrives

    def _fits(self, size: int, at: float) -> bool:
        if self.rate_bps is None:
            self._at = at
            return True
        per_second = self.rate_bps / 8
        self._bytes = min(per_second * BURST_S, self._bytes + (at - self._at) * per_second)
        self._at = at
        if self._bytes < size:
            return False
        self._bytes -= size
        return True


class _Port(asyncio.DatagramProtocol):
    """One socket of a leg: passes what comes to the other one, if the weather lets it."""

    def __init__(self, weather: Weather) -> None:
        self.weather = weather
        self.transport: asyncio.DatagramTransport
        self.other: _Port
        self.peer: Address | None = None

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self.transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(HOST, 0))

    @property
    def number(self) -> int:
        return int(self.transport.get_extra_info("sockname")[1])

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self.peer = addr
        loop = asyncio.get_running_loop()
        if not self.weather.lets_through(len(data), loop.time()):
            return
        if self.weather.delay_s:
            loop.call_later(self.weather.delay_s, self.other.send, data)
        else:
            self.other.send(data)

    def send(self, data: bytes) -> None:
        if self.peer is not None and not self.transport.is_closing():
            self.transport.sendto(data, self.peer)


@dataclass(slots=True)
class _Leg:
    """Both sockets of one connection: the browser speaks to `front`, the worker to `back`."""

    front: _Port
    back: _Port

    def close(self) -> None:
        self.front.transport.close()
        self.back.transport.close()


class Line:
    """One browser's way to one worker; `up` is towards the worker."""

    def __init__(self, worker_url: str) -> None:
        self.up, self.down = Weather(), Weather()
        self.url = ""
        self._worker_url = worker_url
        self._open = asyncio.Event()
        self._open.set()
        self._opening = asyncio.Lock()
        self._legs: dict[str, _Leg] = {}
        self._all: list[_Leg] = []
        self._workers: set[ClientConnection] = set()

    @property
    def is_cut(self) -> bool:
        """Nothing passes, signalling neither."""
        return not self._open.is_set()

    def cut(self, *, signalling: bool) -> None:
        """From now on packets vanish; with `signalling` its bytes wait, as TCP's do.

        The worker's keep-alives wait with them: after two of those it gives the socket up.
        """
        self.up.cut = self.down.cut = True
        if signalling:
            self._open.clear()
            for worker in self._workers:
                worker.transport.pause_reading()

    def mend(self) -> None:
        """All passes again."""
        self.up.cut = self.down.cut = False
        for worker in self._workers:
            worker.transport.resume_reading()
        self._open.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Line]:
        """Listen while the block runs."""
        protocols = [Subprotocol(PROTOCOL)]
        async with serve(
            self._serve, HOST, 0, subprotocols=protocols, ping_interval=None
        ) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            self.url = f"ws://{HOST}:{port}/media"
            try:
                yield self
            finally:
                for leg in self._all:
                    leg.close()

    async def _serve(self, page: ServerConnection) -> None:
        await self._open.wait()
        try:
            async with connect(
                self._worker_url, subprotocols=[Subprotocol(PROTOCOL)], ping_interval=None
            ) as worker:
                self._workers.add(worker)
                ends = (self._from_page(page, worker), self._from_worker(page, worker))
                tasks = {asyncio.create_task(end) for end in ends}
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                # A page that gives up while all is cut cannot say so to the worker.
                await self._open.wait()
                self._workers.discard(worker)
        except OSError:
            return

    async def _from_page(self, page: ServerConnection, worker: Any) -> None:
        with suppress(ConnectionClosed):
            async for raw in page:
                await self._open.wait()
                frame = json.loads(raw)
                if frame.get("type") == "join":
                    self._legs = {}
                await self._rewrite(frame.get("body"), from_page=True)
                await worker.send(json.dumps(frame))

    async def _from_worker(self, page: ServerConnection, worker: Any) -> None:
        with suppress(ConnectionClosed):
            async for raw in worker:
                await self._open.wait()
                frame = json.loads(raw)
                await self._rewrite(frame.get("body"), from_page=False)
                await page.send(json.dumps(frame))

    async def _rewrite(self, body: dict[str, Any] | None, *, from_page: bool) -> None:
        match body:
            case {"type": "candidate", "of": of, "candidate": text}:
                leg = await self._leg(of)
                body["candidate"] = _moved(f"a={text}", leg.back.number)[0].removeprefix("a=")
            case {"type": "publish" | "answer", "sdp": text} if from_page:
                body["sdp"] = ANY_CANDIDATE.sub("", text)
            case {"type": "answer" | "offer" as kind, "sdp": text}:
                leg = await self._leg("publish" if kind == "answer" else "subscribe")
                body["sdp"], worker_port = _moved(text, leg.front.number)
                if worker_port is not None:
                    leg.back.peer = (HOST, worker_port)

    async def _leg(self, of: str) -> _Leg:
        async with self._opening:
            leg = self._legs.get(of)
            if leg is None:
                leg = self._legs[of] = _Leg(_Port(self.up), _Port(self.down))
                leg.front.other, leg.back.other = leg.back, leg.front
                self._all.append(leg)
                await leg.back.open()
                await leg.front.open()
            return leg


def _moved(text: str, port: int) -> tuple[str, int | None]:
    """The text with every UDP host candidate at `port` of this host, and the port it was at."""
    found = CANDIDATE.search(text)
    moved = CANDIDATE.sub(rf"\g<head> {HOST} {port} \g<tail>", text)
    return moved, int(found["port"]) if found else None
