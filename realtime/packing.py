"""Quiet hours made small: consecutive frames of one recording, packed without losing a bit.

Columns instead of rows, differences instead of values, bytes of one weight together, then zlib; the
CRC of every frame is left out and computed again. Whatever does not fit that shape is only
compressed. A packed segment always says how it was packed, so the method may change.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import structlog

from realtime import frames

log = structlog.get_logger()

SEGMENT_FRAMES: Final = 3_600
"""One hour: long enough to compress well, short enough to be read for a page of a strip."""
RAW: Final = 0
COLUMNS: Final = 1
_HEAD: Final = struct.Struct("<BxxxII")
"""Method, number of frames, number of the first second."""
_COLUMNS: Final[tuple[tuple[str, str], ...]] = (("flags", "<u2"), ("stream", "<u4"))
_RATES: Final = (*frames.RATES, "marks")
_BYTES: Final = ("toco", "spo2")


class Damaged(Exception):
    """Not a segment, or not whole."""


def pack(joined: bytes) -> bytes:
    """Pack joined frames; `unpack` gives back the very same bytes."""
    view = frames.view_frames(joined)
    first = int(view["seq"][0])
    planes = _planes(view)
    packed = _HEAD.pack(COLUMNS, len(view), first) + zlib.compress(planes, 6)
    if _restored(packed) == joined:
        return packed
    return _HEAD.pack(RAW, len(view), first) + zlib.compress(joined, 6)


def unpack(packed: bytes) -> bytes:
    """Return the joined frames of a segment.

    Raises:
        Damaged: it cannot be read.
    """
    joined = _restored(packed)
    if joined is None:
        raise Damaged
    return joined


def readable(packed: bytes) -> bytes:
    """The same, or nothing where it is damaged, which is logged.

    One hour that a disk has spoiled must not keep the others of a strip, nor of a wall, from who
    looks: it is a hole, drawn as one.
    """
    try:
        return unpack(packed)
    except Damaged:
        log.error("ctg.segment_damaged", bytes=len(packed))
        return b""


def _planes(view: npt.NDArray[Any]) -> bytes:
    columns = [_differences(view[name].astype(kind)) for name, kind in _COLUMNS]
    columns.append(_differences(_differences(view["device_ns"].astype("<u8"))))
    samples = view["samples"].reshape(-1)
    columns += [_differences(samples[name].astype("<u2")) for name in _RATES]
    columns += [_differences(samples[name].astype("u1")) for name in _BYTES]
    return b"".join(_by_weight(column) for column in columns)


def _differences(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The first value, then each one's distance from the one before, wrapping around."""
    out = column.copy()
    out[1:] -= column[:-1]
    return out


def _by_weight(column: npt.NDArray[Any]) -> bytes:
    return column.view("u1").reshape(len(column), -1).T.tobytes()


def _restored(packed: bytes) -> bytes | None:
    try:
        method, count, first = _HEAD.unpack_from(packed)
        limit = count * frames.FRAME_BYTES
        data = zlib.decompressobj().decompress(packed[_HEAD.size :], limit + 1)
    except (struct.error, zlib.error):
        return None
    if method == RAW:
        return data if len(data) == limit else None
    # Every column of a frame but version, kind, seq, reserved words and CRC: 62 bytes.
    return _frames(data, count, first) if method == COLUMNS and len(data) == 62 * count else None


def _frames(data: bytes, count: int, first: int) -> bytes:
    out = np.zeros(count, frames.FRAME)
    out["version"], out["kind"] = frames.VERSION, frames.KIND_FRAME
    out["seq"] = (first + np.arange(count, dtype=np.uint64)).astype("<u4")
    at = 0

    def column(kind: str, length: int) -> npt.NDArray[Any]:
        nonlocal at
        width = np.dtype(kind).itemsize
        part = np.frombuffer(data, "u1", width * length, at).reshape(width, length)
        at += width * length
        values = np.ascontiguousarray(part.T).view(kind).reshape(length)
        return np.add.accumulate(values, dtype=kind)

    for name, kind in _COLUMNS:
        out[name] = column(kind, count)
    out["device_ns"] = np.add.accumulate(column("<u8", count), dtype="<u8")
    samples = np.zeros(count * frames.SAMPLES_PER_FRAME, frames.SAMPLE)
    for name in _RATES:
        samples[name] = column("<u2", len(samples))
    for name in _BYTES:
        samples[name] = column("u1", len(samples))
    out["samples"] = samples.reshape(count, frames.SAMPLES_PER_FRAME)
    return b"".join(frames.sealed(one[:76]) for one in frames.split_frames(out.tobytes()))
