"""Frames of clips: MPEG-2, H.264 and HEVC streams as machines export them. Runs in the child.

A picture of a stream needs those before it, so every answer decodes from the beginning. A decoder
makes up what is missing, and goes on: a stream of which it says so, or with fewer pictures than
`NumberOfFrames`, is not shown, since neither its pictures nor their numbers are sure. Sound is not
looked at.
"""

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ENOMEM
from typing import Any, BinaryIO, Final

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import generate_fragments, parse_basic_offsets

from consult.imaging.parse.codecs import CLIPS
from consult.imaging.parse.limits import CPU_S
from consult.imaging.parse.refused import Refused

_BARE: Final = {"mpeg2video": "mpegvideo", "h264": "h264", "hevc": "hevc"}
"""What reads a stream that lies in no container, by its codec."""
_TS_PACKET: Final = 188
WHOLE_S: Final = 0.6 * CPU_S
"""Processor time for all pictures of a clip; the rest is for those of one answer as PNGs."""


def number(file: BinaryIO, syntax: str, ds: Dataset) -> int:
    """How many pictures there should be; none is decoded.

    Raises:
        Refused: it is no stream of this syntax, or not of the size that the file says.
    """
    with _opened(file, CLIPS[syntax], ds) as (container, video):
        return sum(1 for packet in container.demux(video) if packet.size)


def whole(file: BinaryIO, syntax: str, ds: Dataset) -> int:
    """How many pictures there are, all of them decoded.

    Raises:
        Refused: as `number`, one is missing or damaged, or they take longer than an answer may.
    """
    told = seen = 0
    with _opened(file, CLIPS[syntax], ds) as (container, video):
        for packet in container.demux(video):
            told += bool(packet.size)
            for frame in packet.decode():
                _must_be_sound(frame, ds)
                seen += 1
            if time.process_time() > WHOLE_S:
                raise Refused("too_many_pixels", f"{ds.Columns}x{ds.Rows}x{told}")
    if seen != told or seen < int(ds.get("NumberOfFrames") or 1):
        raise Refused("broken_pixels")
    return seen


def frames(
    file: BinaryIO, syntax: str, ds: Dataset, first: int, count: int
) -> Iterator[NDArray[np.uint8]]:
    """Pictures `first` (from 0) and following, as RGB.

    Raises:
        Refused: as `number`, or one up to the last of them is damaged.
    """
    with _opened(file, CLIPS[syntax], ds) as (container, video):
        for n, frame in enumerate(container.decode(video)):
            _must_be_sound(frame, ds)
            if n >= first:
                yield np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
            if n + 1 == first + count:
                return


def _must_be_sound(frame: VideoFrame, ds: Dataset) -> None:
    if frame.is_corrupt or (frame.width, frame.height) != (ds.Columns, ds.Rows):
        raise Refused("broken_pixels")


@contextmanager
def _opened(
    file: BinaryIO, codec: str, ds: Dataset
) -> Iterator[tuple[InputContainer, VideoStream]]:
    stream = _stream(file)
    # Nothing of a foreign container is even looked at by another decoder.
    options = {"codec_whitelist": codec}
    try:
        made = av.open(io.BytesIO(stream), "r", format=_form(stream, codec), options=options)
        with made as container:
            video = next(
                (one for one in container.streams.video if one.codec_context.name == codec), None
            )
            if video is None or (video.width, video.height) != (ds.Columns, ds.Rows):
                raise Refused("broken_pixels")
            video.codec_context.thread_count = 1
            video.codec_context.options = {"err_detect": "explode"}
            yield container, video
    except av.error.FFmpegError as error:
        if error.errno == ENOMEM:
            raise MemoryError from error
        raise Refused("broken_pixels") from error


def _form(stream: bytes, codec: str) -> str:
    """MP4, a transport or programme stream, or nothing but pictures (PS3.5 8.2.5 to 8.2.8)."""
    if stream[4:8] == b"ftyp":
        return "mov"
    if stream[:1] == stream[_TS_PACKET : _TS_PACKET + 1] == b"\x47":
        return "mpegts"
    return "mpeg" if stream.startswith(b"\0\0\x01\xba") else _BARE[codec]


def _stream(file: BinaryIO) -> bytes:
    file.seek(0)
    pixels: Any = dcmread(file).get("PixelData")
    if not pixels:
        raise Refused("no_pixels")
    buffer = io.BytesIO(pixels)
    parse_basic_offsets(buffer)
    fragments = list(generate_fragments(buffer))
    return fragments[0] if len(fragments) == 1 else b"".join(fragments)
