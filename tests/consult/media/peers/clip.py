"""Two seconds of picture and sound, encoded once, as RTP payloads."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import count
from typing import Final

import av
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

FPS: Final = 15
WIDTH, HEIGHT = 640, 480
SECONDS: Final = 2
BITS_PER_S: Final = 600_000
SOUND_MS: Final = 20
GRAINY: Final = 24
"""Rows of noise, so that the picture needs the bits that it is given."""
MOST: Final = 1150
"""Bytes of a payload: with all headers it fits every path."""


@dataclass(frozen=True, slots=True)
class Clip:
    """Encoded frames; the first picture is a key frame."""

    pictures: tuple[bytes, ...]
    sounds: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Size:
    """Of a picture, and what it may take."""

    width: int
    height: int
    bits_per_s: int


LARGE: Final = Size(WIDTH, HEIGHT, BITS_PER_S)
SMALL: Final = Size(WIDTH // 2, HEIGHT // 2, 150_000)
"""What a browser's small layer is."""


@cache
def clip() -> Clip:
    """A moving picture at 640 x 480 and 15 frames per second, and a swelling tone."""
    return Clip(pictures(LARGE), _sounds())


@cache
def pictures(size: Size) -> tuple[bytes, ...]:
    """The picture alone, in another size."""
    codec = av.CodecContext.create("libvpx", "w")
    codec.width, codec.height, codec.pix_fmt = size.width, size.height, "yuv420p"
    codec.time_base = Fraction(1, FPS)
    codec.bit_rate = size.bits_per_s
    codec.gop_size = FPS * SECONDS
    codec.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    row = bytes(range(256)) * (WIDTH // 256 + 2)
    grain = random.Random(1)
    found: list[bytes] = []
    for number in range(FPS * SECONDS):
        frame = VideoFrame(size.width, size.height, "yuv420p")
        luma = bytearray()
        for y in range(size.height):
            at = (y // 48 * 48 + 4 * number) % 256
            luma += row[at : at + size.width] if y >= GRAINY else grain.randbytes(size.width)
        frame.planes[0].update(bytes(luma))
        for plane in frame.planes[1:]:
            plane.update(b"\x80" * plane.buffer_size)
        frame.pts = number
        found += [bytes(packet) for packet in codec.encode(frame)]
    found += [bytes(packet) for packet in codec.encode(None)]
    return tuple(found)


def _sounds() -> tuple[bytes, ...]:
    codec = av.CodecContext.create("libopus", "w")
    codec.sample_rate, codec.layout, codec.format = 48_000, "mono", "s16"
    codec.bit_rate = 32_000
    size = 48 * SOUND_MS
    found: list[bytes] = []
    for first in range(0, 48_000 * SECONDS, size):
        frame = AudioFrame("s16", "mono", size)
        samples = (
            int(9000 * math.sin(at / 48_000 * 2 * math.pi * 440) * abs(math.sin(at / 24_000)))
            for at in range(first, first + size)
        )
        frame.planes[0].update(b"".join(n.to_bytes(2, "little", signed=True) for n in samples))
        frame.sample_rate = 48_000
        frame.pts = first
        found += [bytes(packet) for packet in codec.encode(frame)]
    return tuple(found)


def payloads(frame: bytes, picture_id: int) -> list[bytes]:
    """A VP8 frame as RTP payloads (RFC 7741), with a picture id of fifteen bits."""
    number = (0x8000 | picture_id % 0x8000).to_bytes(2, "big")
    cuts = range(0, len(frame), MOST)
    heads = (b"\x90" if first == 0 else b"\x80" for first in count())
    return [
        head + b"\x80" + number + frame[at : at + MOST]
        for head, at in zip(heads, cuts, strict=False)
    ]
