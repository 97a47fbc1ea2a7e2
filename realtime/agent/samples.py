"""What decoders produce and simulators consume: one 4 Hz sample of one monitor. Pure."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from realtime import frames

_SAMPLE = struct.Struct("<HHHHBBH")
_HEAD = struct.Struct("<BBHIIIQ")
_TAIL = struct.Struct("<II")


@dataclass(frozen=True, slots=True)
class Sample:
    """A quarter of a second, in the protocol's own units.

    Rates in quarter beats per minute, 0 = lost; toco in half units, 255 = lost; SpO2 in per cent,
    0 = lost; `marks` are the protocol's quality and mark bits.
    """

    fhr1: int = frames.RATE_LOST
    fhr2: int = frames.RATE_LOST
    fhr3: int = frames.RATE_LOST
    mhr: int = frames.RATE_LOST
    toco: int = frames.TOCO_LOST
    spo2: int = frames.SPO2_LOST
    marks: int = 0

    @property
    def heard(self) -> bool:
        """Whether a fetal rate is in it."""
        return bool(self.fhr1 or self.fhr2 or self.fhr3)


LOST: Final = Sample()
Second = tuple[Sample, Sample, Sample, Sample]
SILENT: Final[Second] = (LOST, LOST, LOST, LOST)


class Decoder(Protocol):
    """Turns a device's bytes into samples, whatever way the bytes are cut.

    `feed` never raises: what cannot be read is counted in `bad` and left out.
    """

    bad: int
    """Blocks that were damaged or not understood."""
    battery_low: bool

    def feed(self, data: bytes) -> list[Sample]:
        """Take bytes as they came; return the samples that are now complete."""
        ...


class Voice(Protocol):
    """A simulator: says seconds in a device's own bytes."""

    def say(self, second: Second) -> bytes:
        """One second as the device would send it."""
        ...


def rate(bpm: float) -> int:
    """A rate in quarter beats; 0 where the device says nothing."""
    return max(0, min(0xFFFF, round(bpm * frames.RATE_SCALE)))


def bpm(value: int) -> int:
    """A stored rate in whole beats per minute."""
    return round(value / frames.RATE_SCALE)


def quality(channel: int, value: int) -> int:
    """Mark bits that say the quality of fetal channel 1, 2 or 3: 0 none to 3 green."""
    return (value & 3) << (2 * (channel - 1))


def build_frame(
    second: Sequence[Sample], *, seq: int, device_ns: int, flags: int, stream: int = 0
) -> bytes:
    """One frame of the protocol from four samples."""
    body = _HEAD.pack(frames.VERSION, frames.KIND_FRAME, flags, stream, seq, 0, device_ns)
    body += b"".join(
        _SAMPLE.pack(s.fhr1, s.fhr2, s.fhr3, s.mhr, s.toco, s.spo2, s.marks) for s in second
    )
    return frames.with_stream(body + _TAIL.pack(0, 0), stream)
