"""Senders and viewers over WebSocket: the gateway's protocol, also spoken by the naive server and
the echo. While the load runs they only write down what came and when."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from realtime import frames
from tests.bench.ctg.judge import Acks, Seen
from tests.bench.ctg.schedule import Plan

AT_ONCE = 64
"""Connections that are being made at the same time."""
PATIENCE_S = 60.0


@dataclass(slots=True)
class Log:
    """Everything that came, as it came."""

    moments: list[float] = field(default_factory=list)
    who: list[int] = field(default_factory=list)
    data: list[bytes] = field(default_factory=list)


class Link(WSListener):  # type: ignore[misc, unused-ignore]
    """One connection; texts are for its opening, bytes go to the log."""

    def __init__(self, number: int, log: Log) -> None:
        self._number = number
        self._log = log
        self.texts: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.open = False
        self.transport: WSTransport | None = None
        self.lost = ""

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.lost = self.lost or "cut"
        self.texts.put_nowait({"type": "refused", "code": self.lost})

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.BINARY:
            log = self._log
            log.moments.append(time.monotonic())
            log.who.append(self._number)
            log.data.append(frame.get_payload_as_bytes())
        elif frame.msg_type == WSMsgType.TEXT and not self.open:
            self.texts.put_nowait(json.loads(frame.get_payload_as_bytes()))
        elif frame.msg_type == WSMsgType.CLOSE:
            self.lost = f"{frame.get_close_code()} {frame.get_close_message()}"
            transport.disconnect()

    def say(self, message: dict[str, Any]) -> None:
        """Send one JSON message."""
        assert self.transport is not None
        self.transport.send(WSMsgType.TEXT, json.dumps(message).encode())

    def send(self, data: bytes) -> None:
        """Send one binary message, unless the connection is gone."""
        if not self.lost:
            self.transport.send(WSMsgType.BINARY, data)  # type: ignore[union-attr]

    async def hear(self, kind: str) -> dict[str, Any]:
        """The next text of this type; anything that says no is an error."""
        while True:
            message = await asyncio.wait_for(self.texts.get(), PATIENCE_S)
            if message["type"] == "refused":
                raise RuntimeError(f"refused: {message}")
            if message["type"] == kind:
                return message


async def dial(url: str, headers: dict[str, str], number: int, log: Log) -> Link:
    """Connect; picows hands back the listener that it made."""
    _, listener = await ws_connect(
        lambda: Link(number, log), url, extra_headers=headers, websocket_handshake_timeout=60
    )
    assert isinstance(listener, Link)
    return listener


class Sockets:
    """All connections of one run."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._acks, self._seen = Log(), Log()
        self.senders: list[Link] = []
        self.viewers: list[Link] = []
        self._views: list[dict[int, int]] = []

    async def open(self) -> None:
        """Connect everything: every recording open, every wall subscribed."""
        self.senders = await _some(self._sender, range(self._plan.connections))
        self._views = [{} for _ in self._plan.walls]
        self.viewers = await _some(self._viewer, range(len(self._plan.walls)))
        for link in (*self.senders, *self.viewers):
            link.open = True

    async def _sender(self, number: int) -> Link:
        plan = self._plan
        headers = {
            "Authorization": f"Bearer bench-{number}",
            "Sec-WebSocket-Protocol": frames.PROTOCOL,
        }
        link = await dial(f"{plan.url}/ctg/ingest", headers, number, self._acks)
        for place in range(plan.mux):
            monitor = number * plan.mux + place
            link.say(
                {
                    "type": "open",
                    "stream": place + 1,
                    "device": f"SN-{monitor:05d}",
                    "recording": plan.recordings[monitor],
                    "channels": ["fhr1", "mhr", "toco", "spo2"],
                    "started_at": "2026-11-22T03:00:00Z",
                    "ack_ms": plan.ack_ms,
                }
            )
        for _ in range(plan.mux):
            await link.hear("opened")
        return link

    async def _viewer(self, number: int) -> Link:
        plan, wall = self._plan, self._plan.walls[number]
        headers = {
            "Cookie": f"__Host-yunshang={plan.sessions[number % len(plan.sessions)]}",
            "Origin": plan.origin,
            "Sec-WebSocket-Protocol": frames.WATCH_PROTOCOL,
        }
        link = await dial(f"{plan.url}/ctg/watch", headers, number, self._seen)
        wanted = {UUID(plan.recordings[monitor]): monitor for monitor in wall}
        link.say({"type": "subscribe", "recordings": [str(one) for one in wanted], "since_s": 60})
        views: dict[int, int] = {}
        for _ in wall:
            told = await link.hear("subscribed")
            views[told["view"]] = wanted[UUID(told["recording"])]
        self._views[number] = views
        return link

    @property
    def acked(self) -> int:
        """How many acknowledgement messages have come."""
        return len(self._acks.data)

    @property
    def lost(self) -> list[str]:
        """Why connections ended that should not have."""
        return [link.lost for link in (*self.senders, *self.viewers) if link.lost]

    def acks(self) -> Acks:
        """The acknowledgements, read."""
        found, mux = Acks(), self._plan.mux
        for at_s, number, data in zip(*_columns(self._acks), strict=True):
            for stream, seq in frames.read_ack(data):
                found.add(number * mux + stream - 1, seq, at_s)
        return found

    def seen(self) -> Seen:
        """The viewers' frames, read."""
        found = Seen()
        for at_s, number, data in zip(*_columns(self._seen), strict=True):
            views = self._views[number]
            for one in frames.split_live(data):
                found.add(number, views[int.from_bytes(one[4:8], "little")], one, at_s)
        return found

    async def close(self) -> None:
        """Hang up everywhere."""
        for link in (*self.senders, *self.viewers):
            if link.transport is not None and not link.lost:
                link.lost = "ours"
                link.transport.disconnect()
        await asyncio.sleep(0)


def _columns(log: Log) -> tuple[list[float], list[int], list[bytes]]:
    return log.moments, log.who, log.data


async def _some(make: Any, numbers: Sequence[int]) -> list[Link]:
    """All of them, `AT_ONCE` at a time, in order."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> Link:
        async with gate:
            link: Link = await make(number)
            return link

    return list(await asyncio.gather(*map(one, numbers)))
