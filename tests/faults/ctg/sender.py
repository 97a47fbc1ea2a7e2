"""A region's centres in one process, with a ledger on disk.

`python -m tests.faults.ctg.sender PLAN.json`. It may be killed at any moment. What it measures lies
in the tracings' file, as in a buffer that survives; every acknowledgement is written down before
anything is done with it, and a gateway that then asks for something it had acknowledged is written
down too.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import struct
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import uvloop
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from realtime import frames
from tests.faults.ctg.tracings import Tracings

POLL_S: Final = 0.1
ANSWER_S: Final = 5.0
PAUSE_S: Final = (0.1, 0.5)
_PAIR: Final = struct.Struct("<II")


@dataclass(frozen=True)
class Plan:
    """What is sent where; `start` is in seconds since 1970."""

    url: str
    token: str
    recordings: tuple[str, ...]
    mux: int
    start: float
    seconds: int
    tracings: str
    ledger: str
    wrong: str
    stop: str
    """A file that, once there, says with which second all streams end."""

    def phase(self, connection: int) -> float:
        """When in each second a connection is due."""
        return connection * self.mux / len(self.recordings)

    def measured(self, stream: int, seq: int) -> float:
        """When a second is complete and due, in seconds since 1970."""
        return self.start + self.phase(stream // self.mux) + seq


class Ledger:
    """What the gateway has promised: pairs of stream and number, appended."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, pairs: list[tuple[int, int]]) -> None:
        """In the kernel's hands when this returns: kill -9 does not undo it."""
        os.write(self._file, b"".join(_PAIR.pack(*pair) for pair in pairs))


def promised(path: str, streams: int) -> npt.NDArray[np.int64]:
    """How far each stream has been acknowledged."""
    out = np.zeros(streams, dtype=np.int64)
    if Path(path).exists():
        data = Path(path).read_bytes()
        pairs = np.frombuffer(data[: len(data) // 8 * 8], dtype="<u4").reshape(-1, 2)
        np.maximum.at(out, pairs[:, 0], pairs[:, 1].astype(np.int64))
    return out


class Centre:
    """One connection with its monitors, made again whenever it ends."""

    def __init__(self, plan: Plan, number: int, acked: npt.NDArray[np.int64], book: Ledger) -> None:
        self._plan = plan
        self._number = number
        self._first = number * plan.mux
        self._count = min(plan.mux, len(plan.recordings) - self._first)
        self._acked = acked
        self._book = book
        self._sent: dict[int, int] = {}
        self._closed: set[int] = set()
        size = len(plan.recordings), plan.seconds
        self._frames = Tracings(Path(plan.tracings), *size, real=True).load()

    async def run(self) -> None:
        """Until every stream has ended, everything acknowledged."""
        plan = self._plan
        while len(self._closed) < self._count:
            try:
                async with connect(
                    f"{plan.url}/ctg/ingest",
                    subprotocols=[frames.PROTOCOL],  # type: ignore[list-item]
                    additional_headers={"Authorization": f"Bearer {plan.token}"},
                    compression=None,
                    open_timeout=ANSWER_S,
                    ping_interval=None,
                ) as socket:
                    await self._converse(socket)
            except (OSError, TimeoutError, ConnectionClosed, InvalidHandshake):
                await asyncio.sleep(random.uniform(*PAUSE_S))

    async def _converse(self, socket: ClientConnection) -> None:
        self._sent = {}
        listening = asyncio.create_task(self._listen(socket))
        try:
            for place in range(self._count):
                if place + 1 not in self._closed:
                    await self._open(socket, place + 1)
            while len(self._closed) < self._count and not listening.done():
                await self._send_due(socket)
                await asyncio.sleep(POLL_S)
        finally:
            listening.cancel()
            ended = await asyncio.gather(listening, return_exceptions=True)
            for error in ended:
                if isinstance(error, Exception) and not isinstance(error, ConnectionClosed):
                    raise error

    async def _open(self, socket: ClientConnection, stream: int) -> None:
        recording = self._plan.recordings[self._first + stream - 1]
        await socket.send(
            json.dumps(
                {
                    "type": "open",
                    "stream": stream,
                    "device": f"SN-{self._first + stream - 1:05d}",
                    "recording": recording,
                    "channels": ["fhr1", "fhr2", "toco"],
                    "started_at": "2026-11-22T03:00:00Z",
                }
            )
        )

    async def _send_due(self, socket: ClientConnection) -> None:
        """Everything that is measured and not sent on this connection; then, at the end, close."""
        plan, bundle = self._plan, []
        last = _stops_at(plan)
        due = int(time.time() - plan.start - plan.phase(self._number))
        due = max(0, min(due, plan.seconds if last is None else last))
        for stream, sent in self._sent.items():
            row = self._frames[self._first + stream - 1]
            bundle += [row[seq].tobytes() for seq in range(sent, due)]
            self._sent[stream] = max(sent, due)
        for at in range(0, len(bundle), frames.MAX_BUNDLE_FRAMES):
            await socket.send(frames.build_bundle(bundle[at : at + frames.MAX_BUNDLE_FRAMES]))
        if last is not None:
            for stream in list(self._sent):
                if self._acked[self._first + stream - 1] >= last:
                    del self._sent[stream]
                    message = {"type": "close", "stream": stream, "last_seq": last}
                    await socket.send(json.dumps(message))

    async def _listen(self, socket: ClientConnection) -> None:
        async for data in socket:
            if isinstance(data, bytes):
                pairs = [(self._first + number - 1, seq) for number, seq in frames.read_ack(data)]
                self._book.write(pairs)
                for stream, seq in pairs:
                    self._acked[stream] = max(self._acked[stream], seq)
            else:
                await self._on_text(socket, json.loads(data))

    async def _on_text(self, socket: ClientConnection, message: dict[str, Any]) -> None:
        if message["type"] == "opened":
            stream, next_seq = message["stream"], message["next_seq"]
            acked = int(self._acked[self._first + stream - 1])
            if next_seq <= acked:
                self._complain(f"lost {self._first + stream - 1} {next_seq} {acked}")
            self._sent[stream] = next_seq - 1
        elif message["type"] == "closed":
            self._closed.add(message["stream"])
        elif message["type"] == "refused":
            if message["code"] == "ctg.conflicting_frame":
                self._complain(f"conflict {self._first + message['stream'] - 1} {message}")
            elif message["code"] == "ctg.close_incomplete":
                self._complain(f"lost {self._first + message['stream'] - 1} {message['next_seq']}")
            else:
                await asyncio.sleep(random.uniform(*PAUSE_S))
                await self._open(socket, message["stream"])

    def _complain(self, line: str) -> None:
        with Path(self._plan.wrong).open("a") as out:
            out.write(line + "\n")


def _stops_at(plan: Plan) -> int | None:
    try:
        return int(Path(plan.stop).read_text())
    except FileNotFoundError:
        return None


async def main(plan: Plan) -> None:
    """All centres."""
    acked = promised(plan.ledger, len(plan.recordings))
    book = Ledger(plan.ledger)
    centres = -(-len(plan.recordings) // plan.mux)
    await asyncio.gather(*(Centre(plan, number, acked, book).run() for number in range(centres)))


if __name__ == "__main__":
    read = json.loads(Path(sys.argv[1]).read_text())
    uvloop.run(main(Plan(**(read | {"recordings": tuple(read["recordings"])}))))
