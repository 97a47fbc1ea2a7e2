"""The binary words of `yunshang.ctg.v1`: frames, bundles and acknowledgements.

A frame is 80 bytes, little-endian, and carries one second of one monitor: four samples a channel.
Everything here is pure: bytes in, bytes or numbers out. Whatever does not parse raises
:class:`Malformed` with a coded reason; values out of range do parse, because a sample is stored as
received and only *counted* as invalid.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence
from enum import IntFlag
from itertools import chain
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

PROTOCOL: Final = "yunshang.ctg.v1"
WATCH_PROTOCOL: Final = "yunshang.ctg.watch.v1"

VERSION: Final = 1
KIND_FRAME: Final = 1
KIND_ACK: Final = 2
KIND_LIVE: Final = 4
KIND_BUNDLE: Final = 5

FRAME_BYTES: Final = 80
BUNDLE_HEAD_BYTES: Final = 8
MAX_BUNDLE_FRAMES: Final = 512
MAX_SEQ: Final = 2**32 - 1
SAMPLES_PER_FRAME: Final = 4
SAMPLE_PERIOD_NS: Final = 250_000_000
FRAME_PERIOD_NS: Final = 1_000_000_000

RATE_SCALE: Final = 4
"""Heart rates are stored in quarter beats per minute."""
RATE_LOST: Final = 0
RATE_MIN: Final = 30 * RATE_SCALE
RATE_MAX: Final = 240 * RATE_SCALE
TOCO_SCALE: Final = 2
"""Uncalibrated external tocography, 0-127 in half units; not mmHg."""
TOCO_LOST: Final = 255
SPO2_LOST: Final = 0
SPO2_MAX: Final = 100

RATES: Final = ("fhr1", "fhr2", "fhr3", "mhr")
CHANNELS: Final = (*RATES, "toco", "spo2")

QUALITY_NONE, QUALITY_RED, QUALITY_YELLOW, QUALITY_GREEN = range(4)
MARK_MHR_PRESENT: Final = 1 << 6
MARK_COINCIDENCE: Final = 1 << 7
MARK_PATIENT_EVENT: Final = 1 << 8
MARK_MOVEMENT: Final = 1 << 9
MARK_CLINICIAN: Final = 1 << 10

SAMPLE: Final[np.dtype[Any]] = np.dtype(
    [
        ("fhr1", "<u2"),
        ("fhr2", "<u2"),
        ("fhr3", "<u2"),
        ("mhr", "<u2"),
        ("toco", "u1"),
        ("spo2", "u1"),
        ("marks", "<u2"),
    ]
)
FRAME: Final[np.dtype[Any]] = np.dtype(
    [
        ("version", "u1"),
        ("kind", "u1"),
        ("flags", "<u2"),
        ("stream", "<u4"),
        ("seq", "<u4"),
        ("reserved1", "<u4"),
        ("device_ns", "<u8"),
        ("samples", SAMPLE, (SAMPLES_PER_FRAME,)),
        ("reserved2", "<u4"),
        ("crc", "<u4"),
    ]
)

_WHOLE: Final = np.dtype((np.void, FRAME_BYTES))
_SAMPLES_AT: Final = 12
_SAMPLE_WORDS: Final = SAMPLE.itemsize // 2
"""Where the samples of a frame begin, and how long one is, in words of 16 bits."""

_WORDS: Final = FRAME_BYTES // 4
_MARK_WORD, _STREAM_WORD, _SEQ_WORD, _RESERVED1_WORD, _RESERVED2_WORD = 0, 1, 2, 3, 18
"""Where a frame, as words of 32 bits, says its version and kind (with the flags), and so on."""
_MARK: Final = KIND_FRAME << 8 | VERSION

_HEAD = struct.Struct("<BBHIIIQ")
_TAIL = struct.Struct("<II")
_BUNDLE_HEAD = struct.Struct("<BBHI")
_ACK_HEAD = struct.Struct("<BBH")
_PAIR = struct.Struct("<II")
_RATES = struct.Struct("<HHH")
_U32 = struct.Struct("<I")


class Flag(IntFlag):
    """Bits of a frame's `flags`."""

    BACKFILL = 1
    UNSYNCHRONISED = 2
    BATTERY_LOW = 4
    FIRST = 8
    TRANSDUCER_CHANGE = 16


class Malformed(Exception):
    """Bytes that are not the protocol; the connection that sent them is closed."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Head(NamedTuple):
    """What routing a frame needs; `device_ns` is nanoseconds since 1970 UTC on the device."""

    flags: int
    stream: int
    seq: int
    device_ns: int


def read_head(frame: bytes) -> Head:
    """Check one 80-byte frame and return its head; raise `Malformed`."""
    version, kind, flags, stream, seq, reserved1, device_ns = _HEAD.unpack_from(frame)
    reserved2, crc = _TAIL.unpack_from(frame, 72)
    if version != VERSION:
        raise Malformed("ctg.version_unknown")
    if kind != KIND_FRAME:
        raise Malformed("ctg.kind_unknown")
    if zlib.crc32(memoryview(frame)[:76]) != crc:
        raise Malformed("ctg.crc_wrong")
    if reserved1 or reserved2:
        raise Malformed("ctg.reserved_not_zero")
    if seq == 0:
        raise Malformed("ctg.seq_zero")
    return Head(flags, stream, seq, device_ns)


def peek_head(frame: bytes) -> Head:
    """Return the head of a frame that has been checked before."""
    _, _, flags, stream, seq, _, device_ns = _HEAD.unpack_from(frame)
    return Head(flags, stream, seq, device_ns)


def message_body(data: bytes) -> bytes:
    """Return the joined frames of one sender message: a single frame or a bundle of 1-512."""
    if len(data) == FRAME_BYTES and data[1] == KIND_FRAME:
        return data
    _check_bundle(data, KIND_BUNDLE)
    return data[BUNDLE_HEAD_BYTES:]


def split_message(data: bytes) -> list[bytes]:
    """Return the frames of one sender message."""
    return split_frames(message_body(data))


def split_live(data: bytes) -> list[bytes]:
    """Return the frames of one live message as a viewer receives it."""
    _check_bundle(data, KIND_LIVE)
    return split_frames(data, BUNDLE_HEAD_BYTES)


def _check_bundle(data: bytes, expected: int) -> None:
    if len(data) < BUNDLE_HEAD_BYTES:
        raise Malformed("ctg.message_short")
    version, kind, count, reserved = _BUNDLE_HEAD.unpack_from(data)
    if version != VERSION:
        raise Malformed("ctg.version_unknown")
    if kind != expected:
        raise Malformed("ctg.kind_unknown")
    if reserved:
        raise Malformed("ctg.reserved_not_zero")
    if not 1 <= count <= MAX_BUNDLE_FRAMES:
        raise Malformed("ctg.bundle_size")
    if len(data) != BUNDLE_HEAD_BYTES + count * FRAME_BYTES:
        raise Malformed("ctg.bundle_length")


def split_frames(data: bytes, offset: int = 0) -> list[bytes]:
    """Cut joined frames apart, without checking them."""
    return [data[at : at + FRAME_BYTES] for at in range(offset, len(data), FRAME_BYTES)]


def build_bundle(frames: Sequence[bytes]) -> bytes:
    """Join frames into one sender message; a single frame stays as it is."""
    if len(frames) == 1:
        return frames[0]
    return _BUNDLE_HEAD.pack(VERSION, KIND_BUNDLE, len(frames), 0) + b"".join(frames)


def build_live(frames: Sequence[bytes]) -> bytes:
    """Join frames, already carrying their view numbers, into one viewer message."""
    return live_of(b"".join(frames))


def live_of(joined: bytes) -> bytes:
    """The same of frames that are joined already."""
    return _BUNDLE_HEAD.pack(VERSION, KIND_LIVE, len(joined) // FRAME_BYTES, 0) + joined


def build_ack(pairs: Iterable[tuple[int, int]]) -> bytes:
    """Acknowledge `(stream, seq)` pairs, cumulative per stream."""
    numbers = list(chain.from_iterable(pairs))
    count = len(numbers) // 2
    return struct.pack(f"<BBH{2 * count}I", VERSION, KIND_ACK, count, *numbers)


def build_acks(
    streams: npt.NDArray[np.int64], seqs: npt.NDArray[np.int64], starts: npt.NDArray[np.intp]
) -> tuple[bytes, npt.NDArray[np.intp]]:
    """Acknowledge pairs on many connections at once, each with its own `build_ack`.

    Args:
        streams, seqs: the pairs, shape (n,); those of one connection lie together.
        starts: where each connection's begin.

    Returns:
        The messages, joined, and where in that each of them ends.
    """
    pair = np.arange(len(streams))
    head = 2 * starts + np.arange(len(starts))
    counts = np.append(starts[1:], len(streams)) - starts
    at = 2 * pair + np.repeat(np.arange(1, len(starts) + 1), counts)
    words = np.empty(2 * len(streams) + len(starts), "<u4")
    words[head] = VERSION | KIND_ACK << 8 | counts << 16
    words[at], words[at + 1] = streams, seqs
    return words.tobytes(), words.itemsize * np.append(head[1:], len(words))


def read_ack(data: bytes) -> list[tuple[int, int]]:
    """Return the `(stream, seq)` pairs of an acknowledgement; raise `Malformed`."""
    if len(data) < _ACK_HEAD.size:
        raise Malformed("ctg.message_short")
    version, kind, count = _ACK_HEAD.unpack_from(data)
    if (version, kind) != (VERSION, KIND_ACK):
        raise Malformed("ctg.kind_unknown")
    if len(data) != _ACK_HEAD.size + count * _PAIR.size:
        raise Malformed("ctg.bundle_length")
    return [(stream, seq) for stream, seq in _PAIR.iter_unpack(data[_ACK_HEAD.size :])]


def sealed(body: bytes) -> bytes:
    """Return the first 76 bytes of a frame with their CRC."""
    return body + _U32.pack(zlib.crc32(body))


def all_sealed(joined: bytes) -> bool:
    """Whether every one of these joined frames has its right CRC.

    One pass over all of them: what a CRC makes of any frame with its own CRC behind is the same
    whatever it says, so what it makes of many depends on their number alone. A single wrong frame
    is always seen; several can hide each other as seldom as one hides from its own.
    """
    count = len(joined) // FRAME_BYTES
    while len(_RESIDUES) <= count:
        _RESIDUES.append(zlib.crc32(_SEALED, _RESIDUES[-1]))
    return zlib.crc32(joined) == _RESIDUES[count]


def follow_on(
    view: npt.NDArray[Any], numbers: npt.NDArray[np.uint32], seqs: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Which of these frames are of these streams and have these sequence numbers.

    And say nothing that the protocol does not know; only their CRC is not looked at.
    """
    words = view.view("<u4").reshape(len(view), _WORDS)
    fits: npt.NDArray[np.bool_] = words[:, _STREAM_WORD] == numbers
    fits &= words[:, _SEQ_WORD] == seqs
    fits &= words[:, _MARK_WORD] & np.uint32(0xFFFF) == _MARK
    fits &= words[:, _RESERVED1_WORD] | words[:, _RESERVED2_WORD] == 0
    return fits


def with_stream(frame: bytes, stream: int) -> bytes:
    """Return the frame under another stream (or view) number, CRC renewed."""
    return sealed(frame[:4] + _U32.pack(stream) + frame[8:76])


def renumbered(joined: bytes, numbers: npt.NDArray[np.uint32]) -> bytes:
    """Return joined frames under other stream (or view) numbers, one each, CRC renewed."""
    return renumbered_view(view_frames(joined).copy(), numbers).tobytes()


def renumbered_view(view: npt.NDArray[Any], numbers: npt.NDArray[np.uint32]) -> npt.NDArray[Any]:
    """Put other stream (or view) numbers into an array of frames; return it.

    CRC-32 is affine: flipping bits of a message flips bits of its CRC that depend on which bits and
    on the length alone. So one pass over many frames renews them all without reading their samples.
    """
    flipped = view["stream"] ^ numbers
    view["stream"] = numbers
    for at, table in enumerate(_CRC_FLIPS):
        view["crc"] ^= table[flipped >> np.uint32(8 * at) & np.uint32(255)]
    return view


def _crc_flips(at: int) -> npt.NDArray[np.uint32]:
    """What each change of the byte at this place changes in a frame's CRC."""
    found = []
    for value in range(256):
        flipped = bytearray(FRAME_BYTES - 4)
        flipped[at] = value
        found.append(zlib.crc32(flipped) ^ zlib.crc32(bytes(FRAME_BYTES - 4)))
    return np.array(found, np.uint32)


_CRC_FLIPS: Final = tuple(_crc_flips(at) for at in range(4, 8))


def same_content(one: bytes, other: bytes) -> bool:
    """Whether two frames say the same.

    `stream` is only the sender's number on one connection, so it (and the CRC over it) may differ
    when a frame is sent again after a reconnect.
    """
    return one[:4] == other[:4] and one[8:76] == other[8:76]


def seq_of(frame: bytes) -> int:
    """Return the sequence number of a checked frame."""
    return int.from_bytes(frame[8:12], "little")


def stream_of(frame: bytes) -> int:
    """Return the stream (or view) number of a checked frame."""
    return int.from_bytes(frame[4:8], "little")


def fetal_rates(frame: bytes) -> tuple[int, int, int]:
    """The last sample's three fetal rates of a checked frame, in quarter beats."""
    first, second, third = _RATES.unpack_from(frame, 60)
    return first, second, third


def merge(parts: Iterable[bytes], first: int, last: int, limit: int) -> list[bytes]:
    """Cut parts of one recording into its frames of `first..last`, ascending, each once."""
    found: dict[int, bytes] = {}
    for part in parts:
        for frame in split_frames(part):
            seq = seq_of(frame)
            if first <= seq <= last:
                found.setdefault(seq, frame)
    return [found[seq] for seq in sorted(found)[:limit]]


def put(into: npt.NDArray[Any], at: npt.NDArray[np.intp], view: npt.NDArray[Any]) -> None:
    """Lay frames into an array of frames at these indices, as whole lumps of bytes."""
    into.view(_WHOLE)[at] = view.view(_WHOLE)


def view_frames(joined: bytes | memoryview) -> npt.NDArray[Any]:
    """Look at joined frames as a structured array, without copying."""
    return np.frombuffer(joined, dtype=FRAME)


def picked(view: npt.NDArray[Any], which: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Copy the frames of these indices (or of this mask) out of an array of frames.

    As whole lumps of bytes: several times faster than numpy does it field by field.
    """
    found: npt.NDArray[Any] = view.view(_WHOLE)[which].view(FRAME)
    return found


def joined(parts: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Copy arrays of frames into one, as whole lumps of bytes; `parts` are not none."""
    found: npt.NDArray[Any] = np.concatenate([part.view(_WHOLE) for part in parts]).view(FRAME)
    return found


def sample_words(view: npt.NDArray[Any]) -> npt.NDArray[np.uint16]:
    """The samples as words of 16 bits, (frame, sample, word), without copying.

    The words are fhr1, fhr2, fhr3, mhr, toco and spo2 together, marks. One look at them is several
    times faster than one at each named field.
    """
    words = view.view("<u2").reshape(len(view), FRAME_BYTES // 2)
    samples = words[:, _SAMPLES_AT : _SAMPLES_AT + SAMPLES_PER_FRAME * _SAMPLE_WORDS]
    return samples.reshape(len(view), SAMPLES_PER_FRAME, _SAMPLE_WORDS)


def count_invalid(joined: bytes) -> npt.NDArray[np.int64]:
    """Count the out-of-range values of each frame in one vectorised pass over a flush.

    A rate is valid at 0 (lost) or 30.00-240.00 bpm, saturation at 0 (lost) to 100 %. Every toco
    byte is a valid value or "lost".
    """
    return count_invalid_of(view_frames(joined))


def count_invalid_of(view: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Count as `count_invalid` does, of frames that are an array already."""
    samples = sample_words(view)
    rates = samples[:, :, : len(RATES)]
    # What is lost, 0, wraps round to more than any rate; so does what is below the least.
    bad = (rates - np.uint16(RATE_MIN) > RATE_MAX - RATE_MIN) & (rates != RATE_LOST)
    saturations = samples[:, :, len(RATES)] >> 8
    counts: npt.NDArray[np.int64] = bad.sum(axis=(1, 2)) + (saturations > SPO2_MAX).sum(axis=1)
    return counts


def build_frames(
    samples: npt.NDArray[Any],
    *,
    stream: int,
    first_seq: int,
    first_ns: int,
    flags: int = 0,
) -> list[bytes]:
    """Pack 4 Hz samples (dtype `SAMPLE`, a whole number of seconds) into consecutive frames."""
    if len(samples) % SAMPLES_PER_FRAME:
        raise ValueError("samples must fill whole seconds")
    count = len(samples) // SAMPLES_PER_FRAME
    out = np.zeros(count, dtype=FRAME)
    out["version"], out["kind"], out["flags"], out["stream"] = VERSION, KIND_FRAME, flags, stream
    out["seq"] = np.arange(first_seq, first_seq + count, dtype=np.uint64)
    out["device_ns"] = first_ns + np.arange(count, dtype=np.uint64) * np.uint64(FRAME_PERIOD_NS)
    out["samples"] = samples.reshape(count, SAMPLES_PER_FRAME)
    if first_seq == 1 and count:
        out["flags"][0] |= Flag.FIRST
    return [sealed(frame[:76]) for frame in split_frames(out.tobytes())]


def empty_samples(count: int) -> npt.NDArray[Any]:
    """Return `count` samples with every channel lost."""
    samples = np.zeros(count, dtype=SAMPLE)
    samples["toco"] = TOCO_LOST
    return samples


_SEALED: Final = sealed(bytes(FRAME_BYTES - 4))
_RESIDUES: Final = [0]
"""What a CRC makes of so many sealed frames."""
