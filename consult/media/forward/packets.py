"""RTP on the wire (RFC 3550, RFC 8285) and the head of a VP8 payload (RFC 7741), read not decoded.

Only what forwarding needs is taken apart. `parse` raises `Malformed`, and nothing else, for
whatever bytes it is given: a participant's bytes must not end anybody's call.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import Final

HEADER: Final = Struct("!BBHLL")
EXTENSION: Final = Struct("!HH")
ONE_BYTE, TWO_BYTE = 0xBEDE, 0x1000


class Malformed(Exception):
    """The bytes are no RTP packet."""


@dataclass(frozen=True, slots=True)
class Vp8Head:
    """Where in a VP8 payload the numbers stand that change when layers are switched."""

    keyframe: bool
    """The first packet of a key frame."""
    picture_id: int | None
    picture_at: int
    wide: bool
    """The picture id has 15 bits, not 7."""
    tl0: int | None
    tl0_at: int


PLAIN: Final = Vp8Head(False, None, 0, False, None, 0)


@dataclass(slots=True)
class Packet:
    """One RTP packet; `extensions` are raw values by their negotiated number."""

    payload_type: int
    marker: bool
    seq: int
    timestamp: int
    ssrc: int
    payload: bytes
    extensions: dict[int, bytes]
    head: Vp8Head = PLAIN
    """Of VP8, read once for all subscribers; else `PLAIN`."""
    codec: str = ""
    """opus, red or vp8, by the sender's numbers."""
    padding: int = 0
    """Bytes of padding that followed the payload: nothing to pass on, but load on the line."""


def parse(data: bytes) -> Packet:
    """Take a packet apart; its padding is left away.

    Raises:
        Malformed: too short, another version, or lengths that lie.
    """
    size = len(data)
    if size < HEADER.size:
        raise Malformed
    first, second, seq, timestamp, ssrc = HEADER.unpack_from(data)
    if first >> 6 != 2:
        raise Malformed
    at = HEADER.size + 4 * (first & 0x0F)
    extensions: dict[int, bytes] = {}
    if first & 0x10:
        if size < at + 4:
            raise Malformed
        profile, words = EXTENSION.unpack_from(data, at)
        at += 4
        end = at + 4 * words
        if size < end:
            raise Malformed
        extensions = _extensions(profile, data[at:end])
        at = end
    padding = 0
    if first & 0x20:
        padding = data[-1]
        if not padding:
            raise Malformed
    end = size - padding
    if end < at:
        raise Malformed
    return Packet(
        second & 0x7F,
        bool(second & 0x80),
        seq,
        timestamp,
        ssrc,
        data[at:end],
        extensions,
        padding=padding,
    )


def build(payload_type: int, marker: bool, seq: int, timestamp: int, ssrc: int) -> bytes:
    """The twelve bytes before a payload; nothing that we send needs extensions."""
    return HEADER.pack(0x80, marker << 7 | payload_type, seq, timestamp, ssrc)


def _extensions(profile: int, raw: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at, size = 0, len(raw)
    one = profile == ONE_BYTE
    if not one and profile & 0xFFF0 != TWO_BYTE:
        return found
    while at < size:
        if raw[at] == 0:
            at += 1
            continue
        if one:
            number, length = raw[at] >> 4, (raw[at] & 0x0F) + 1
            at += 1
            if number == 15:
                break
        else:
            if at + 2 > size:
                raise Malformed
            number, length = raw[at], raw[at + 1]
            at += 2
        if at + length > size:
            raise Malformed
        found[number] = raw[at : at + length]
        at += length
    return found


def vp8_head(payload: bytes) -> Vp8Head:
    """Read the payload descriptor; an empty or cut one is `PLAIN`, which changes nothing."""
    try:
        return _vp8_head(payload)
    except IndexError:
        return PLAIN


def _vp8_head(payload: bytes) -> Vp8Head:
    first, at = payload[0], 1
    picture_id = tl0 = None
    picture_at = tl0_at = 0
    wide = False
    if first & 0x80:
        bits, at = payload[at], at + 1
        if bits & 0x80:
            picture_at, wide = at, bool(payload[at] & 0x80)
            picture_id = payload[at] & 0x7F
            if wide:
                picture_id = picture_id << 8 | payload[at + 1]
            at += 1 + wide
        if bits & 0x40:
            tl0, tl0_at, at = payload[at], at, at + 1
        if bits & 0x30:
            at += 1
    begins = bool(first & 0x10) and not first & 0x07
    keyframe = begins and not payload[at] & 0x01
    return Vp8Head(keyframe, picture_id, picture_at, wide, tl0, tl0_at)


def with_ids(payload: bytes, head: Vp8Head, picture_id: int | None, tl0: int | None) -> bytes:
    """The payload with another picture id and TL0 in the places of the old ones."""
    changed = bytearray(payload)
    if picture_id is not None and head.picture_id is not None:
        if head.wide:
            changed[head.picture_at] = 0x80 | picture_id >> 8
            changed[head.picture_at + 1] = picture_id & 0xFF
        else:
            changed[head.picture_at] = picture_id & 0x7F
    if tl0 is not None and head.tl0 is not None:
        changed[head.tl0_at] = tl0
    return bytes(changed)
