"""A file as a player can seek in it: its length and where each second lies, said at its beginning.

What a worker writes cannot say either: it grows, and a kill may end it (`matroska`). Both are found
afterwards by walking through it, and put in front of the clusters **on the way out**: what lies on
the disk, and its hash on the chain, stay as they are. The clusters are given byte for byte; of one
that was cut off, its whole blocks. Element numbers: RFC 9559; what is read here is only what our
own writer makes. Pure, but for reading.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from struct import pack, unpack_from
from typing import Final, NamedTuple, Protocol

EBML: Final = 0x1A45DFA3
SEGMENT: Final = 0x18538067
SEEK_HEAD, SEEK, SEEK_ID, SEEK_POSITION = 0x114D9B74, 0x4DBB, 0x53AB, 0x53AC
INFO, DURATION, TIMESTAMP_SCALE = 0x1549A966, 0x4489, 0x2AD7B1
TRACKS, TAGS = 0x1654AE6B, 0x1254C367
CUES, CUE_POINT, CUE_TIME, CUE_TRACK_POSITIONS = 0x1C53BB6B, 0xBB, 0xB3, 0xB7
CUE_TRACK, CUE_CLUSTER_POSITION = 0xF7, 0xF1
CLUSTER, TIMESTAMP, SIMPLE_BLOCK = 0x1F43B675, 0xE7, 0xA3
BLOCK_GROUP, BLOCK, REFERENCE_BLOCK = 0xA0, 0xA1, 0xFB
VOID, CRC = 0xEC, 0xBF
MOST_HEAD: Final = 1 << 16
"""Everything before the first cluster is shorter."""
KEY: Final = 0x80
MOST_MS: Final = 7 * 24 * 3_600_000
LAST_MS: Final = 20
"""How long a file's last frame is taken to last: one of sound, and short of any picture's."""


class Unseekable(Exception):
    """It is not laid out as our writer does; it can be given as it lies."""


class Readable(Protocol):
    """Bytes from any place."""

    size: int

    def at(self, start: int, stop: int) -> bytes:
        """From `start` to before `stop`, fewer at the end."""


class Span(NamedTuple):
    """Bytes of the file as it lies, `start` to before `stop`."""

    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What to give, in order: new bytes, and spans of the file."""

    pieces: tuple[bytes | Span, ...]
    length_ms: int

    @property
    def size(self) -> int:
        """Bytes of all."""
        return sum(
            len(one) if isinstance(one, bytes) else one.stop - one.start for one in self.pieces
        )

    def spans(self, start: int, stop: int) -> Iterator[bytes | Span]:
        """From `start` to before `stop` of what is given."""
        at = 0
        for piece in self.pieces:
            size = len(piece) if isinstance(piece, bytes) else piece.stop - piece.start
            first, last = max(0, start - at), min(size, stop - at)
            at += size
            if first >= last:
                continue
            if isinstance(piece, bytes):
                yield piece[first:last]
            else:
                yield Span(piece.start + first, piece.start + last)


class _Element(NamedTuple):
    id: int
    body: int
    stop: int | None
    """None where the size is left open."""


class _Cue(NamedTuple):
    at_ms: int
    track: int
    cluster: int
    """From the first cluster's beginning, in bytes."""


class _Blocks(NamedTuple):
    keys: list[tuple[int, int]]
    """Moment and track of each key frame."""
    last_ms: int
    """Moment of the last block; -1 where there is none."""
    stop: int
    """Behind the last whole block."""


def plan(file: Readable) -> Plan:
    """How to give a file.

    Raises:
        Unseekable: it is laid out otherwise.
    """
    head = file.at(0, min(file.size, MOST_HEAD))
    ebml = _element(head, 0)
    if ebml.id != EBML or ebml.stop is None:
        raise Unseekable("no EBML")
    segment = _element(head, ebml.stop)
    if segment.id != SEGMENT:
        raise Unseekable("no segment")
    info, kept, first = _before_clusters(head, segment.body)
    cues, last_ms, end = _walked(file, first)
    length_ms = last_ms + LAST_MS
    pieces = (
        head[: ebml.stop],
        _segment(info, kept, cues, length_ms, end, first),
        Span(first, end.whole),
        *end.rest,
    )
    return Plan(tuple(one for one in pieces if one), length_ms)


def _before_clusters(head: bytes, at: int) -> tuple[bytes, bytes, int]:
    """What the file says of itself, what else is kept as it is, and where the clusters begin."""
    info, kept = b"", b""
    while True:
        one = _element(head, at)
        if one.id == CLUSTER:
            break
        if one.stop is None or one.stop > len(head):
            raise Unseekable("a long head")
        if one.id == INFO:
            info = head[one.body : one.stop]
        elif one.id in {TRACKS, TAGS}:
            kept += head[at : one.stop]
        at = one.stop
    if not info or not kept:
        raise Unseekable("no tracks")
    return info, kept, at


class _End(NamedTuple):
    whole: int
    """Behind the last cluster that is whole."""
    rest: tuple[bytes | Span, ...]
    """A cluster that was cut off, as one of its whole blocks."""

    @property
    def more(self) -> int:
        """Bytes of the rest."""
        return sum(
            len(one) if isinstance(one, bytes) else one.stop - one.start for one in self.rest
        )


def _walked(file: Readable, first: int) -> tuple[list[_Cue], int, _End]:
    cues: list[_Cue] = []
    rest: tuple[bytes | Span, ...] = ()
    last_ms, at = -1, first
    while at < file.size:
        head = file.at(at, at + 12)
        try:
            cluster = _element(head, 0)
        except Unseekable:
            break  # cut off within its head
        if cluster.id != CLUSTER:
            break
        if cluster.stop is None:
            raise Unseekable("a cluster without an end")
        body, stop = at + cluster.body, at + cluster.stop
        blocks = _blocks(file.at(body, min(stop, file.size)))
        cues += [_Cue(ms, track, at - first) for ms, track in blocks.keys[:1]]
        last_ms = max(last_ms, blocks.last_ms)
        if stop > file.size:
            if blocks.last_ms >= 0:
                rest = (_head(CLUSTER, blocks.stop), Span(body, body + blocks.stop))
            break
        at = stop
    if last_ms < 0:
        raise Unseekable("no frames")
    return cues, last_ms, _End(at, rest)


def _blocks(data: bytes) -> _Blocks:
    """The blocks of a cluster, as far as they are whole."""
    keys: list[tuple[int, int]] = []
    begin_ms, last_ms, at = 0, -1, 0
    while at < len(data):
        try:
            one = _element(data, at)
        except Unseekable:
            break
        if one.stop is None or one.stop > len(data):
            break
        if one.id == TIMESTAMP:
            begin_ms = int.from_bytes(data[one.body : one.stop], "big")
        elif one.id in {SIMPLE_BLOCK, BLOCK_GROUP}:
            track, after_ms, key = _block(data, one)
            if not (0 < track <= 0xFF and 0 <= begin_ms + after_ms <= MOST_MS):
                raise Unseekable("a block of nowhere")
            last_ms = max(last_ms, begin_ms + after_ms)
            if key:
                keys.append((begin_ms + after_ms, track))
        at = one.stop
    return _Blocks(keys, last_ms, at)


def _block(data: bytes, one: _Element) -> tuple[int, int, bool]:
    """Track, milliseconds from its cluster's begin, and whether it can be begun with."""
    stop = one.stop or one.body
    if one.id == SIMPLE_BLOCK:
        track, after_ms, flags = _block_head(data, one.body, stop)
        return track, after_ms, bool(flags & KEY)
    track = after_ms = 0
    key, at = True, one.body
    while at < stop:
        child = _element(data, at)
        if child.stop is None or child.stop > stop:
            raise Unseekable("a block without an end")
        if child.id == BLOCK:
            track, after_ms, _ = _block_head(data, child.body, child.stop)
        key = key and child.id != REFERENCE_BLOCK
        at = child.stop
    return track, after_ms, key


def _block_head(data: bytes, at: int, stop: int) -> tuple[int, int, int]:
    """Track, milliseconds from its cluster's begin, flags."""
    track, at = _number(data, at)
    if at + 3 > stop:
        raise Unseekable("a short block")
    after_ms, flags = unpack_from(">hB", data, at)
    return track, after_ms, flags


def _segment(
    info: bytes, kept: bytes, cues: list[_Cue], length_ms: int, end: _End, first: int
) -> bytes:
    """The segment's head and all that stands before its clusters."""
    # Every place has a width of its own, so lengths are known before places are.
    said, skip = _with(INFO, _with_duration(info, length_ms)), len(_seek_head(0, 0, 0))
    before = skip + len(said) + len(kept)
    found = _cues(cues, before + len(_cues(cues, 0)))
    body = _seek_head(skip, skip + len(said), before) + said + kept + found
    return _head(SEGMENT, len(body) + end.whole - first + end.more) + body


def _with_duration(info: bytes, length_ms: int) -> bytes:
    kept, at = b"", 0
    while at < len(info):
        one = _element(info, at)
        if one.stop is None or one.stop > len(info):
            raise Unseekable("what it says of itself")
        value = info[one.body : one.stop]
        if one.id == TIMESTAMP_SCALE and int.from_bytes(value, "big") != 1_000_000:
            raise Unseekable("other units than milliseconds")
        if one.id not in {DURATION, VOID, CRC}:
            kept += info[at : one.stop]
        at = one.stop
    return kept + _with(DURATION, pack(">d", length_ms))


def _seek_head(info: int, tracks: int, cues: int) -> bytes:
    places = ((INFO, info), (TRACKS, tracks), (CUES, cues))
    return _with(
        SEEK_HEAD,
        b"".join(
            _with(SEEK, _with(SEEK_ID, pack(">I", id_)) + _with(SEEK_POSITION, pack(">Q", place)))
            for id_, place in places
        ),
    )


def _cues(cues: list[_Cue], clusters: int) -> bytes:
    return _with(
        CUES,
        b"".join(
            _with(
                CUE_POINT,
                _with(CUE_TIME, pack(">Q", cue.at_ms))
                + _with(
                    CUE_TRACK_POSITIONS,
                    _with(CUE_TRACK, bytes([cue.track]))
                    + _with(CUE_CLUSTER_POSITION, pack(">Q", clusters + cue.cluster)),
                ),
            )
            for cue in cues
        ),
    )


def _element(data: bytes, at: int) -> _Element:
    """What begins at `at`.

    Raises:
        Unseekable: its head is not all there.
    """
    id_, body = _number(data, at, marked=True)
    size, begin = _number(data, body)
    open_ = size == (1 << 7 * (begin - body)) - 1
    return _Element(id_, begin, None if open_ else begin + size)


def _number(data: bytes, at: int, *, marked: bool = False) -> tuple[int, int]:
    """A number of one to eight bytes and the place behind it; `marked`, with its first bit."""
    if at >= len(data) or not data[at]:
        raise Unseekable("no number")
    length = 9 - data[at].bit_length()
    if at + length > len(data):
        raise Unseekable("half a number")
    value = int.from_bytes(data[at : at + length], "big")
    return value if marked else value & ((1 << 7 * length) - 1), at + length


def _head(id_: int, size: int) -> bytes:
    name = id_.to_bytes((id_.bit_length() + 7) // 8, "big")
    return name + (bytes([0x80 | size]) if size < 0x7F else (1 << 56 | size).to_bytes(8, "big"))


def _with(id_: int, body: bytes) -> bytes:
    return _head(id_, len(body)) + body
