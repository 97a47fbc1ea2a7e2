"""People at walls: they come back after every cut, and write down when they saw what."""

from __future__ import annotations

import asyncio
import json
import random
import time
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from realtime import frames
from tests.faults.ctg.sender import Plan
from tests.faults.ctg.tracings import Tracings

PAUSE_S: Final = (0.1, 0.4)
ANSWER_S: Final = 5.0
HISTORY_S: Final = 60


@dataclass(slots=True)
class Watching:
    """What all viewers have seen: for each stream the seconds that were newest, and when."""

    plan: Plan
    tracings: Tracings
    headers: dict[str, str]
    seqs: list[list[int]] = field(init=False)
    moments: list[list[float]] = field(init=False)
    wrong: int = 0
    """Frames whose bytes were not those that were measured."""
    cuts: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    storage: dict[str, str] = field(default_factory=dict)
    """What each recording's strip says of its samples: `ok` or `waiting`."""
    _sent: npt.NDArray[np.uint8] = field(init=False)

    def __post_init__(self) -> None:
        self.seqs = [[0] for _ in self.plan.recordings]
        self.moments = [[0.0] for _ in self.plan.recordings]
        self._sent = self.tracings.load()

    def saw(self, stream: int, frame: bytes, at_s: float) -> None:
        """One frame of one stream on one wall."""
        seq = frames.seq_of(frame)
        if not frames.same_content(frame, self._sent[stream, seq - 1].tobytes()):
            self.wrong += 1
        if seq > self.seqs[stream][-1]:
            self.seqs[stream].append(seq)
            self.moments[stream].append(at_s)

    def all_say(self, storage: str) -> bool:
        """Whether every strip says this of its samples."""
        return all(self.storage.get(one) == storage for one in self.plan.recordings)

    def healed(self, since_s: float) -> bool:
        """Whether every stream shows a second that was measured after this moment."""
        measured = self.plan.measured
        return all(measured(n, seqs[-1]) >= since_s for n, seqs in enumerate(self.seqs))

    def resumed_s(self, since_s: float) -> list[float]:
        """For each stream, how long until a second measured after this moment was seen."""
        found = []
        for stream, (seqs, moments) in enumerate(zip(self.seqs, self.moments, strict=True)):
            wanted = since_s - self.plan.measured(stream, 0)
            at = int(np.searchsorted(seqs, wanted))
            found.append(moments[at] - since_s if at < len(seqs) else float("inf"))
        return found

    def late_s(self, since_s: float, until_s: float) -> list[float]:
        """How late viewers saw the seconds measured between two moments."""
        found = []
        for stream, (seqs, moments) in enumerate(zip(self.seqs, self.moments, strict=True)):
            base = self.plan.measured(stream, 0)
            found += [
                at - base - seq
                for seq, at in zip(seqs, moments, strict=True)
                if since_s <= base + seq < until_s
            ]
        return found


class Viewer:
    """One wall."""

    def __init__(self, watching: Watching, streams: list[int]) -> None:
        self._watching = watching
        self._streams = {watching.plan.recordings[stream]: stream for stream in streams}
        self._views: dict[int, int] = {}

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                async with connect(
                    f"{self._watching.plan.url}/ctg/watch",
                    subprotocols=[frames.WATCH_PROTOCOL],  # type: ignore[list-item]
                    additional_headers=self._watching.headers,
                    compression=None,
                    open_timeout=ANSWER_S,
                    ping_interval=None,
                ) as socket:
                    await self._look(socket)
            except (OSError, TimeoutError, ConnectionClosed, InvalidHandshake):
                pass
            self._watching.cuts += 1  # an orderly end is one too
            await asyncio.sleep(random.uniform(*PAUSE_S))

    async def _look(self, socket: ClientConnection) -> None:
        self._views = {}
        await self._subscribe(socket, list(self._streams))
        async for data in socket:
            now = time.time()
            if isinstance(data, bytes):
                for frame in frames.split_live(data):
                    stream = self._views[int.from_bytes(frame[4:8], "little")]
                    self._watching.saw(stream, frame, now)
            else:
                await self._on_text(socket, json.loads(data))

    async def _on_text(self, socket: ClientConnection, message: dict[str, Any]) -> None:
        if "storage" in message:
            self._watching.storage[message["recording"]] = message["storage"]
        if message["type"] == "subscribed":
            self._views[message["view"]] = self._streams[message["recording"]]
        elif message["type"] == "refused":
            # Not there yet, or the database away: asked again, as a page would.
            refused = self._watching.refused
            refused[message["code"]] = refused.get(message["code"], 0) + 1
            await asyncio.sleep(random.uniform(*PAUSE_S))
            await self._subscribe(socket, [message["recording"]])

    @staticmethod
    async def _subscribe(socket: ClientConnection, recordings: list[str]) -> None:
        asked = {"type": "subscribe", "recordings": recordings, "since_s": HISTORY_S}
        await socket.send(json.dumps(asked))
