"""A minute whose every picture says in bars which one it is, as a worker writes it."""

from __future__ import annotations

import random
from fractions import Fraction
from functools import cache
from typing import Final
from uuid import UUID

import av
from av.video.frame import VideoFrame

from consult.media.engine import Kind, Source
from consult.media.recording.frames import Frame
from consult.media.recording.matroska import Matroska
from consult.media.recording.shelf import Label, Shelf
from tests.consult.media.peers.film import BEGAN

FPS: Final = 10
SECONDS: Final = 60
KEY_EVERY_S: Final = 10
WIDTH, HEIGHT = 320, 120
BARS: Final = 10
"""Bits of a picture's number, from the left, the highest first; white is 1."""
BAR: Final = WIDTH // BARS

NUMBER = """
(video, [bars, wide]) => {
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight)
  const pen = canvas.getContext('2d')
  pen.drawImage(video, 0, 0)
  const row = pen.getImageData(0, 30, canvas.width, 1).data
  const bit = (bar) => row[(bar * wide + wide / 2) * 4] > 128
  return [...Array(bars).keys()].reduce((number, bar) => number * 2 + bit(bar), 0)
}
"""
"""Which picture a page shows, given `[BARS, BAR]`."""


@cache
def pictures() -> tuple[tuple[bytes, bool], ...]:
    """Encoded pictures, and which begin anew."""
    codec = av.CodecContext.create("libvpx", "w")
    codec.width, codec.height, codec.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    codec.time_base = Fraction(1, FPS)
    codec.bit_rate = 500_000
    codec.gop_size = FPS * KEY_EVERY_S
    codec.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0",
                     "keyint_min": str(FPS * KEY_EVERY_S)}  # fmt: skip
    grain = random.Random(1)
    found: list[tuple[bytes, bool]] = []
    for number in range(FPS * SECONDS):
        bits = [number >> (BARS - 1 - bar) & 1 for bar in range(BARS)]
        row = b"".join((b"\xeb" if bit else b"\x10") * BAR for bit in bits)
        frame = VideoFrame(WIDTH, HEIGHT, "yuv420p")
        frame.planes[0].update(row * 80 + grain.randbytes(WIDTH * (HEIGHT - 80)))
        for plane in frame.planes[1:]:
            plane.update(b"\x80" * plane.buffer_size)
        frame.pts = number
        found += [(bytes(packet), packet.is_keyframe) for packet in codec.encode(frame)]
    return tuple(found)


def numbered(shelf: Shelf, recording: UUID, who: UUID, *, end: bool = True) -> None:
    """The minute, given to the disk each second; without its end, as after a kill."""
    matroska = Matroska(Kind.VIDEO, (WIDTH, HEIGHT))
    writer = shelf.begin(Label(recording, who, Source.CAMERA, BEGAN))
    for n, (payload, key) in enumerate(pictures()):
        matroska.put(Frame(0, payload, key), n * 1000 // FPS)
        if n % FPS == FPS - 1:
            writer.append(matroska.take())
    if end:
        writer.close(matroska.close())
    else:
        writer.abandon()
