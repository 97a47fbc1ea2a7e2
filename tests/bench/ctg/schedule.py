"""What is sent when: every second of every monitor has an intended moment before anything runs."""

from __future__ import annotations

import zlib
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from realtime import frames

WALL: Final = 16
"""Monitors of one viewer: half a wall, as in the study whose figures we compare with."""
_HEAD = {"version": frames.VERSION, "kind": frames.KIND_FRAME}


@dataclass(frozen=True)
class Plan:
    """One run, as the generator gets it.

    `copies` viewers see each monitor. Monitor `m` is stream `m % mux + 1` of connection `m // mux`;
    connection `c` is due at `phases[c]` seconds after each whole second from the start.
    """

    wire: str
    url: str
    monitors: int
    mux: int
    copies: int
    warm_s: int
    seconds: int
    spread_s: float
    mixed: bool = False
    ack_ms: int = 0
    recordings: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    origin: str = ""
    seed: int = 1
    acked_file: str = ""

    @property
    def total_s(self) -> int:
        """Seconds that are sent; the first `warm_s` count for gaps alone."""
        return self.warm_s + self.seconds

    @property
    def connections(self) -> int:
        """Senders' connections."""
        return self.monitors // self.mux

    @cached_property
    def phases(self) -> npt.NDArray[np.float64]:
        """Evenly spread over `spread_s`, in shuffled order; seconds."""
        shuffled = np.random.default_rng(self.seed).permutation(self.connections)
        return np.asarray(shuffled * (self.spread_s / self.connections), dtype=np.float64)

    @cached_property
    def walls(self) -> list[list[int]]:
        """What each viewer watches: numbers of monitors.

        A ward looks at its own monitors, which come by one connection; `mixed` walls, as a hospital
        far away has them, are of monitors from anywhere.
        """
        found = []
        for copy in range(self.copies):
            order = np.arange(self.monitors)
            if self.mixed:
                order = np.random.default_rng([self.seed, copy]).permutation(self.monitors)
            found += [order[at : at + WALL].tolist() for at in range(0, self.monitors, WALL)]
        return found

    def messages(self, second: int, start_ns: int) -> list[bytes]:
        """One message a connection, whole; `start_ns` is the start in ns since 1970."""
        out = np.zeros((self.connections, self.mux), dtype=frames.FRAME)
        for name, value in _HEAD.items():
            out[name] = value
        out["stream"] = np.arange(1, self.mux + 1)
        out["seq"] = second + 1
        out["flags"] = frames.Flag.FIRST if second == 0 else 0
        due_ns = (self.phases * 1e9).astype(np.uint64) + np.uint64(start_ns + second * 10**9)
        out["device_ns"] = due_ns[:, None]
        out["samples"] = _samples(self.monitors, second).reshape(self.connections, self.mux, -1)
        view = memoryview(out).cast("B")
        crcs = [zlib.crc32(view[at : at + 76]) for at in range(0, len(view), frames.FRAME_BYTES)]
        out["crc"] = np.array(crcs, dtype=np.uint32).reshape(out.shape)
        joined, size = out.tobytes(), self.mux * frames.FRAME_BYTES
        if self.mux == 1:
            return frames.split_frames(joined)
        return [_bundle(self.mux, joined[at : at + size]) for at in range(0, len(joined), size)]

    def to_json(self) -> dict[str, Any]:
        """As a file can hold it."""
        return asdict(self)

    @classmethod
    def from_json(cls, read: dict[str, Any]) -> Self:
        """Back from the file."""
        tuples = {name: tuple(read[name]) for name in ("recordings", "sessions")}
        return cls(**(read | tuples))


def _bundle(count: int, joined: bytes) -> bytes:
    head = bytes([frames.VERSION, frames.KIND_BUNDLE]) + count.to_bytes(2, "little") + bytes(4)
    return head + joined


def _samples(monitors: int, second: int) -> npt.NDArray[Any]:
    """Plausible values that differ from monitor to monitor and second to second."""
    out = np.zeros((monitors, frames.SAMPLES_PER_FRAME), dtype=frames.SAMPLE)
    step = np.arange(monitors)[:, None] * 7 + second * 4 + np.arange(frames.SAMPLES_PER_FRAME)
    out["fhr1"] = 540 + step % 60
    out["mhr"] = 320 + step % 11
    out["toco"] = 20 + step % 50
    out["spo2"] = 97
    out["marks"] = frames.QUALITY_GREEN | frames.MARK_MHR_PRESENT
    return out
