"""Rows of a buffer found in its bytes, where SQLite can no longer walk to them.

One garbled page near the root of a tree hides thousands of whole ones. Each row carries its own
proof: a second its checksum, a recording the lengths of all its parts. What SQLite has deleted and
not yet overwritten is found too; the server has those seconds, and says so.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from realtime import frames

Value = int | bytes | None
_INTEGERS: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
"""SQLite's serial types of integers, and how many bytes they take."""
_SECOND: Final = re.compile(rb"\x05[\x01-\x06\x08\x09]{2}\x81\x2c", re.DOTALL)
"""Head of a row of `frame`: two integers and eighty bytes."""
_RECORDING: Final = re.compile(rb"[\x0b-\x10]\x00\x2c", re.DOTALL)
"""Head of a row of `recording`: its number is not in it, its id has sixteen bytes."""
_COLUMNS: Final = 10
_MOST_BYTES: Final = 2_048


class Carved(NamedTuple):
    """A row of `recording`; of two versions of one row the later has the greater numbers."""

    no: int
    id: bytes
    device: str
    bed: str
    channels: str
    started_ns: int
    last_seq: int
    last_ns: int
    acked: int
    ended: int


def whole(seq: int, body: bytes) -> bool:
    """Whether a second is the one that was written under this number."""
    try:
        return len(body) == frames.FRAME_BYTES and frames.read_head(body).seq == seq
    except (frames.Malformed, TypeError):
        return False


def seconds(file: Path) -> Iterator[tuple[int, int, bytes]]:
    """Number of the recording, number of the second, and its frame: all that are whole."""
    for data, at in _heads(file, _SECOND):
        match _row(data, at)[0]:
            case [int(no), int(seq), bytes(body)] if whole(seq, body):
                yield no, seq, body


def recordings(file: Path) -> dict[int, Carved]:
    """The latest version of every recording's row, by its number."""
    found: dict[int, Carved] = {}
    for data, at in _heads(file, _RECORDING):
        row = _recording(data, at)
        if row is not None:
            before = found.get(row.no)
            if before is None or row[6:] >= before[6:]:
                found[row.no] = row
    return found


def _heads(file: Path, head: re.Pattern[bytes]) -> Iterator[tuple[bytes, int]]:
    """Every place that looks like a row's head, with the bytes around it."""
    if not file.exists() or not file.stat().st_size:
        return
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for match in head.finditer(data):
            begin = max(0, match.start() - 16)
            yield data[begin : begin + _MOST_BYTES], match.start() - begin


def _recording(data: bytes, at: int) -> Carved | None:
    values, size = _row(data, at)
    no = _number_before(data, at, size)
    if no is None or len(values) != _COLUMNS:
        return None
    _, id_, device, bed, channels, started, last_seq, last_ns, acked, ended = values
    texts = [_text(part) for part in (device, bed, channels)]
    numbers = [part for part in (started, last_seq, last_ns, acked, ended) if _is_number(part)]
    if not isinstance(id_, bytes) or None in texts or len(numbers) != 5 or ended not in {0, 1}:
        return None
    return Carved(no, id_, *texts, *numbers)  # type: ignore[arg-type]


def _number_before(data: bytes, at: int, size: int) -> int | None:
    """A row's number stands before it, and before that how many bytes it has."""
    for begin in range(at - 1, max(-1, at - 10), -1):
        number, end = _varint(data, begin)
        if end != at:
            continue
        for length in (1, 2):
            if begin >= length and _varint(data, begin - length) == (size, begin):
                return number
    return None


def _row(data: bytes, at: int) -> tuple[list[Value], int]:
    """A row's values and how many bytes it takes; no values where it is none."""
    head, place = _varint(data, at)
    place, end = place, at + head
    types = []
    while place < end:
        kind, place = _varint(data, place)
        types.append(kind)
    values: list[Value] = []
    for kind in types:
        length = _INTEGERS.get(kind, max(0, kind - 12) // 2)
        part = data[end : end + length]
        if len(part) < length or kind in {7, 10, 11}:
            return [], 0
        end += length
        if kind in _INTEGERS:
            values.append(int.from_bytes(part, "big", signed=True))
        else:
            values.append({0: None, 8: 0, 9: 1}.get(kind, part))
    return values, end - at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """SQLite's number of one to nine bytes, and the place behind it."""
    value = 0
    for place in range(at, min(at + 8, len(data))):
        value = value << 7 | data[place] & 0x7F
        if data[place] < 0x80:
            return value, place + 1
    return value, len(data) + 1


def _text(part: Value) -> str | None:
    try:
        return part.decode() if isinstance(part, bytes) else None
    except UnicodeDecodeError:
        return None


def _is_number(part: Value) -> bool:
    return isinstance(part, int) and part >= 0
