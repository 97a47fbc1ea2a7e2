"""Frames come whole, once and in order, whatever the line did to their packets."""

import random
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.media.forward.packets import Packet, vp8_head
from consult.media.recording.frames import (
    PATIENCE_S,
    Frame,
    PictureFrames,
    SoundFrames,
    red_blocks,
    vp8_descriptor,
)
from tests.consult.media.peers.clip import FPS, HEIGHT, WIDTH, clip, payloads

TIMES = (0, 2**32 - 20_000)
"""A stream's first timestamp: any, and one whose numbers begin again."""


def _pictures(frames: int, seq: int = 65_500, stamp: int = 0) -> list[Packet]:
    """The clip's frames as packets; the numbers begin again on the way."""
    found = []
    numbers = count(seq)
    for n in range(frames):
        parts = payloads(clip().pictures[n % len(clip().pictures)], n)
        for at, payload in enumerate(parts, 1):
            head = vp8_head(payload)
            when = (stamp + n * 90_000 // FPS) % 2**32
            found.append(
                Packet(
                    96, at == len(parts), next(numbers) % 65_536, when, 7, payload, {}, head, "vp8"
                )
            )
    return found


def _fed(packets: list[Packet], frames: PictureFrames | None = None) -> list[Frame]:
    taker = frames or PictureFrames()
    return [frame for n, packet in enumerate(packets) for frame in taker.take(packet, n * 0.005)]


@pytest.mark.parametrize("stamp", TIMES)
def test_frames_are_what_was_encoded(stamp: int) -> None:
    found = _fed(_pictures(30, stamp=stamp))
    assert [frame.payload for frame in found] == list(clip().pictures[:30])
    assert found[0].keyframe
    assert found[0].size == (WIDTH, HEIGHT)
    assert [frame.timestamp for frame in found[:2]] == [stamp, (stamp + 6_000) % 2**32]


@given(st.integers(0, 2**32))
def test_packets_that_change_places_change_nothing(seed: int) -> None:
    packets, dice = _pictures(8), random.Random(seed)
    mixed = [
        packets[0],
        *sorted(packets[1:], key=lambda one: packets.index(one) + dice.uniform(0, 9)),
    ]
    assert [frame.payload for frame in _fed(mixed)] == list(clip().pictures[:8])


def test_after_a_hole_nothing_is_kept_until_a_key_frame() -> None:
    packets = _pictures(60)
    ends = [n for n, packet in enumerate(packets) if packet.marker]
    lost = ends[4]
    taker = PictureFrames()
    found = [
        frame
        for n, packet in enumerate(packets)
        if n != lost
        for frame in taker.take(packet, n * 0.02)
    ]
    assert [frame.payload for frame in found] == [*clip().pictures[:4], *clip().pictures]
    assert [frame.keyframe for frame in found].count(True) == 2


def test_a_hole_without_a_key_frame_after_it_asks_for_one() -> None:
    packets = _pictures(12)
    del packets[[packet.marker for packet in packets].index(True) + 1]
    taker = PictureFrames()
    for packet in packets[:-1]:
        taker.take(packet, 0.0)
    assert not taker.needs_keyframe
    assert taker.take(packets[-1], PATIENCE_S + 0.1) == []
    assert taker.needs_keyframe


def test_nothing_before_the_first_key_frame_and_no_padding() -> None:
    packets = _pictures(6)
    first = [packet.marker for packet in packets].index(True)
    taker = PictureFrames()
    assert _fed(packets[first + 1 :], taker) == []
    again = _pictures(3, seq=9)
    again.insert(first + 1, Packet(96, False, again[first].seq + 1, 0, 7, b"", {}, codec="vp8"))
    for packet in again[first + 2 :]:
        packet.seq += 1
    assert [frame.payload for frame in _fed(again)] == list(clip().pictures[:3])


@given(st.lists(st.tuples(st.binary(max_size=30), st.booleans(), st.integers(0, 20)), max_size=30))
def test_strange_payloads_raise_nothing(packets: list[tuple[bytes, bool, int]]) -> None:
    pictures, sounds = PictureFrames(), SoundFrames()
    for payload, marker, seq in packets:
        packet = Packet(96, marker, seq, seq, 7, payload, {}, vp8_head(payload), "red")
        pictures.take(packet, seq / 10)
        sounds.take(packet)
        red_blocks(packet)
        if payload:
            vp8_descriptor(payload)


def _sound(n: int, codec: str = "opus", stamp: int = 0) -> Packet:
    payload = b"s%d" % n
    if codec == "red":
        before = b"s%d" % (n - 1)
        head = bytes([0x80 | 111]) + (960 << 10 | len(before)).to_bytes(3, "big")
        payload = head + bytes([111]) + before + payload
    return Packet(63, False, n, (stamp + 960 * n) % 2**32, 8, payload, {}, codec=codec)


@pytest.mark.parametrize("stamp", TIMES)
@pytest.mark.parametrize("codec", ["opus", "red"])
def test_sound_comes_once_and_in_order(codec: str, stamp: int) -> None:
    taker = SoundFrames()
    order = [1, 2, 4, 3, 5, 5, 6, 7, 8, 9]
    found = [frame for n in order for frame in taker.take(_sound(n, codec, stamp))] + taker.rest()
    kept = [b"s%d" % n for n in range(0 if codec == "red" else 1, 10)]
    assert [frame.payload for frame in found] == kept
    assert {frame.timestamp for frame in found} >= {(stamp + 960 * n) % 2**32 for n in range(1, 10)}


def test_what_red_repeats_fills_a_gap_and_without_it_a_gap_stays() -> None:
    for codec, kept in (("red", [0, 1, 2, 3, 4, 5, 6]), ("opus", [1, 2, 4, 5, 6])):
        taker = SoundFrames()
        found = [frame for n in (1, 2, 4, 5, 6) for frame in taker.take(_sound(n, codec))]
        assert [frame.payload for frame in found + taker.rest()] == [b"s%d" % n for n in kept]


def test_red_with_lengths_that_lie_holds_nothing() -> None:
    packet = _sound(2, "red")
    packet.payload = packet.payload[:5]
    assert red_blocks(packet) == []
