"""The codec: what is built is read back, what is not the protocol is refused with a code."""

from __future__ import annotations

import struct
import zlib
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime import frames
from realtime.frames import Malformed
from tests.realtime.wire import START_NS, bundle, frame

seqs = st.integers(1, frames.MAX_SEQ)
streams = st.integers(1, 65_535)


def resealed(body: bytes) -> bytes:
    """Any 76 bytes with the right checksum."""
    return body + struct.pack("<I", zlib.crc32(body))


@given(
    seqs,
    streams,
    st.integers(0, 31),
    st.integers(0, 2**64 - 1),
    st.binary(min_size=48, max_size=48),
)
def test_any_sealed_frame_is_read_as_it_was_written(
    seq: int, stream: int, flags: int, device_ns: int, samples: bytes
) -> None:
    head = struct.pack("<BBHIIIQ", 1, 1, flags, stream, seq, 0, device_ns)
    one = resealed(head + samples + bytes(4))
    assert frames.read_head(one) == (flags, stream, seq, device_ns)
    assert frames.seq_of(one) == seq
    moved = frames.with_stream(one, 77)
    assert frames.read_head(moved).stream == 77
    assert frames.same_content(one, moved)
    assert frames.with_stream(moved, stream) == one


@given(st.lists(st.tuples(*[st.integers(1, 2**32 - 1)] * 3), max_size=20))
def test_frames_get_other_numbers_as_a_new_checksum_would(
    asked: list[tuple[int, int, int]],
) -> None:
    made = [frame(seq, stream=stream % 65_535 + 1, flags=seq % 32) for stream, seq, _ in asked]
    numbers = np.array([number for _, _, number in asked], np.uint32)
    moved = frames.split_frames(frames.renumbered(b"".join(made), numbers))
    assert moved == [
        frames.with_stream(one, number) for one, number in zip(made, numbers.tolist(), strict=True)
    ]


@given(st.integers(1, 600), st.data())
def test_one_pass_over_many_frames_sees_any_single_wrong_one(
    count: int, data: st.DataObject
) -> None:
    made = b"".join(frame(seq, rate=seq) for seq in range(1, count + 1))
    assert frames.all_sealed(made)
    changed = bytearray(made)
    changed[data.draw(st.integers(0, len(made) - 1))] ^= data.draw(st.integers(1, 255))
    assert not frames.all_sealed(bytes(changed))


@given(
    st.lists(st.lists(st.tuples(streams, seqs), min_size=1, max_size=60), min_size=1, max_size=9)
)
def test_acknowledgements_in_one_pass_are_those_of_each_connection(
    connections: list[list[tuple[int, int]]],
) -> None:
    pairs = np.array([pair for one in connections for pair in one], np.int64)
    starts = np.cumsum([0, *map(len, connections[:-1])])
    said, ends = frames.build_acks(pairs[:, 0], pairs[:, 1], starts)
    each = [said[at:end] for at, end in zip([0, *ends.tolist()], ends.tolist(), strict=False)]
    assert each == [frames.build_ack(one) for one in connections]
    assert len(said) == ends[-1]


@given(st.integers(0, 75), st.integers(1, 255))
def test_no_changed_byte_passes_the_checksum(at: int, flip: int) -> None:
    broken = bytearray(frame(5))
    broken[at] ^= flip
    with pytest.raises(Malformed):
        frames.read_head(bytes(broken))


@pytest.mark.parametrize("at", [12, 72])
def test_reserved_bytes_must_be_zero(at: int) -> None:
    body = bytearray(frame(5)[:76])
    body[at] = 1
    with pytest.raises(Malformed, match="reserved"):
        frames.read_head(resealed(bytes(body)))


@given(st.lists(seqs, min_size=1, max_size=40))
def test_bundles_come_apart_as_they_were_joined(numbers: list[int]) -> None:
    made = [frame(seq % 2**32) for seq in numbers]
    assert frames.split_message(frames.build_bundle(made)) == made
    assert frames.split_live(frames.build_live(made)) == made


@given(st.binary(max_size=300))
def test_other_bytes_are_refused_with_a_code(data: bytes) -> None:
    for read in (frames.split_message, frames.split_live, frames.read_ack):
        if data[:2] not in (b"\x01\x01", b"\x01\x02", b"\x01\x04", b"\x01\x05"):
            with pytest.raises(Malformed, match=r"^ctg\."):
                read(data)
        else:
            with suppress(Malformed):
                read(data)


@pytest.mark.parametrize("count", [0, 513])
def test_a_bundle_has_1_to_512_frames(count: int) -> None:
    with pytest.raises(Malformed, match="bundle_size"):
        frames.split_message(bundle([frame(1)] * count))


@given(st.lists(st.tuples(streams, seqs), max_size=64))
def test_acknowledgements_are_read_as_written(pairs: list[tuple[int, int]]) -> None:
    assert frames.read_ack(frames.build_ack(pairs)) == pairs


def test_built_frames_are_those_of_the_protocols_page() -> None:
    samples = frames.empty_samples(8)
    samples["fhr1"], samples["mhr"], samples["toco"] = 560, 320, 40
    samples["spo2"], samples["marks"] = 98, 0b11
    built = frames.build_frames(samples, stream=1, first_seq=2, first_ns=START_NS + 2 * 10**9)
    assert built == [frame(2), frame(3)]


def test_the_first_frame_says_so() -> None:
    [first, second] = frames.build_frames(
        frames.empty_samples(8), stream=1, first_seq=1, first_ns=0
    )
    assert frames.read_head(first).flags == frames.Flag.FIRST
    assert frames.read_head(second).flags == 0


@pytest.mark.parametrize(
    ("channel", "value", "bad"),
    [
        ("fhr1", 0, 0), ("fhr1", 119, 4), ("fhr1", 120, 0), ("fhr2", 960, 0), ("fhr3", 961, 4),
        ("mhr", 65_535, 4), ("spo2", 0, 0), ("spo2", 100, 0), ("spo2", 101, 4), ("toco", 255, 0),
    ],
)  # fmt: skip
def test_the_limits_of_each_channel(channel: str, value: int, bad: int) -> None:
    samples = frames.empty_samples(4)
    samples[channel] = value
    packed = frames.build_frames(samples, stream=1, first_seq=1, first_ns=0)[0]
    assert frames.count_invalid(packed).tolist() == [bad]


@given(st.lists(st.binary(min_size=48, max_size=48), min_size=1, max_size=20))
def test_the_vectorised_check_agrees_with_the_plain_one(payloads: list[bytes]) -> None:
    head = struct.pack("<BBHIIIQ", 1, 1, 0, 1, 1, 0, 0)
    joined = b"".join(resealed(head + payload + bytes(4)) for payload in payloads)
    expected = []
    for payload in payloads:
        count = 0
        for at in range(0, 48, 12):
            *rates, _toco, spo2, _marks = struct.unpack_from("<HHHHBBH", payload, at)
            count += sum(rate != 0 and not 120 <= rate <= 960 for rate in rates) + (spo2 > 100)
        expected.append(count)
    assert frames.count_invalid(joined).tolist() == expected


def test_samples_must_fill_whole_seconds() -> None:
    with pytest.raises(ValueError, match="whole seconds"):
        frames.build_frames(np.zeros(3, frames.SAMPLE), stream=1, first_seq=1, first_ns=0)
