"""RTP is read, and nothing that a participant sends can raise anything but `Malformed`."""

import contextlib

from aiortc.codecs.vpx import VpxPayloadDescriptor
from aiortc.rtp import RtpPacket
from hypothesis import given
from hypothesis import strategies as st

from consult.media.forward.packets import (
    PLAIN,
    Malformed,
    build,
    parse,
    vp8_head,
    with_ids,
)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_packet_or_malformed(data: bytes) -> None:
    with contextlib.suppress(Malformed):
        parse(data)


@given(st.binary(max_size=40))
def test_rtp_with_any_rest_is_a_packet_or_malformed(data: bytes) -> None:
    for first in (0x80, 0x90, 0xA0, 0xB0, 0x9F):
        for profile in (b"\xbe\xde\x00\x02", b"\x10\x00\x00\x02", b"\x00\x00\x00\x01"):
            with contextlib.suppress(Malformed):
                parse(bytes([first, 96]) + bytes(10) + profile + data)


@given(
    payload_type=st.integers(0, 127),
    marker=st.booleans(),
    seq=st.integers(0, 65535),
    timestamp=st.integers(0, 2**32 - 1),
    ssrc=st.integers(0, 2**32 - 1),
    payload=st.binary(max_size=50),
)
def test_what_is_built_is_read(
    payload_type: int, marker: bool, seq: int, timestamp: int, ssrc: int, payload: bytes
) -> None:
    packet = parse(build(payload_type, marker, seq, timestamp, ssrc) + payload)
    assert (packet.payload_type, packet.marker, packet.seq) == (payload_type, marker, seq)
    assert (packet.timestamp, packet.ssrc, packet.payload) == (timestamp, ssrc, payload)


def test_extensions_and_padding_are_those_of_another_implementation() -> None:
    theirs = RtpPacket(payload_type=97, marker=1, sequence_number=7, timestamp=9, ssrc=5)
    theirs.payload = b"abc"
    theirs.padding_size = 4
    data = theirs.serialize()
    assert parse(data).payload == b"abc"
    assert parse(data).padding == 4


def test_header_extensions_of_both_forms_are_read() -> None:
    head = bytes.fromhex("9061000700000009000000 05".replace(" ", ""))
    one = head + bytes.fromhex("bede0002 10 30 00 21 6162 0000".replace(" ", "")) + b"x"
    assert parse(one).extensions == {1: b"0", 2: b"ab"}
    two = head + bytes.fromhex("10000002 01 01 30 00 02 02 6162".replace(" ", "")) + b"x"
    assert parse(two).extensions == {1: b"0", 2: b"ab"}
    assert parse(two).payload == b"x"


@given(
    picture=st.integers(0, 0x7FFF),
    tl0=st.integers(0, 255),
    begins=st.booleans(),
    other=st.integers(0, 0x7FFF),
)
def test_vp8_numbers_are_found_and_changed(
    picture: int, tl0: int, begins: bool, other: int
) -> None:
    descriptor = VpxPayloadDescriptor(
        partition_start=int(begins), partition_id=0, picture_id=picture, tl0picidx=tl0
    )
    payload = bytes(descriptor) + b"\x10\x02\x00data"
    head = vp8_head(payload)
    assert (head.picture_id, head.tl0, head.keyframe) == (picture, tl0, begins)
    if not head.wide:
        other &= 0x7F
    changed = with_ids(payload, head, other, (tl0 + 1) % 256)
    read, rest = VpxPayloadDescriptor.parse(changed)
    assert (read.picture_id, read.tl0picidx) == (other, (tl0 + 1) % 256)
    assert rest == b"\x10\x02\x00data"


@given(st.binary(max_size=8))
def test_any_vp8_payload_is_read(payload: bytes) -> None:
    vp8_head(payload)


def test_an_empty_payload_changes_nothing() -> None:
    assert vp8_head(b"") is PLAIN
