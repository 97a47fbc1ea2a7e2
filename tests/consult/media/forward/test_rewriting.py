"""Several layers become one stream that a decoder takes for one."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from consult.media.forward.packets import Packet, Vp8Head
from consult.media.forward.rewriting import Rewriter
from consult.media.forward.wrap import PICTURE, SEQ, TIME, Unwrapper, apart


def _packet(seq: int, timestamp: int, picture: int = 0, tl0: int = 0) -> Packet:
    head = Vp8Head(True, picture % PICTURE, 2, True, tl0 % 256, 4)
    payload = bytes([0x90, 0xC0, 0x80 | picture % PICTURE >> 8, picture & 0xFF, tl0 % 256, 0])
    return Packet(97, True, seq % SEQ, timestamp % TIME, 1, payload, {}, head)


starts = st.tuples(
    st.integers(0, SEQ - 1),
    st.integers(0, TIME - 1),
    st.integers(0, PICTURE - 1),
    st.integers(0, 255),
)


@given(st.lists(st.tuples(starts, st.integers(1, 40)), min_size=1, max_size=6))
def test_numbers_count_on_whatever_layers_follow_each_other(layers: list) -> None:
    writer = Rewriter(90_000, first_seq=100)
    at, sent, pictures = 0.0, [], []
    for number, ((seq, timestamp, picture, tl0), count) in enumerate(layers):
        for step in range(count):
            at += 1 / 15
            packet = _packet(seq + step, timestamp + 6000 * step, picture + step, tl0 + step)
            if step == 0:
                writer.switch(number, packet, at)
            out = writer.write(packet, at)
            assert out is not None
            sent.append(out)
            pictures.append((out.payload[2] & 0x7F) << 8 | out.payload[3])
    assert [out.seq for out in sent] == [(100 + n) % SEQ for n in range(len(sent))]
    for before, after in pairwise(sent):
        step = apart(after.timestamp, before.timestamp, TIME)
        assert abs(step - 6000) <= 1
    for before, after in pairwise(pictures):
        assert (after - before) % PICTURE == 1
    assert writer.skipped == 0


def test_what_was_lost_stays_a_hole_and_is_filled_when_it_comes() -> None:
    writer = Rewriter(90_000, first_seq=0)
    writer.switch("a", _packet(10, 0), 0.0)
    assert [writer.write(_packet(seq, 0), 0.0).seq for seq in (10, 11, 14)] == [0, 1, 4]  # type: ignore[union-attr]
    assert writer.skipped == 2
    late = writer.write(_packet(12, 0), 0.1)
    assert late is not None
    assert late.seq == 2
    assert writer.skipped == 1


def test_packets_from_before_the_switch_are_not_sent() -> None:
    writer = Rewriter(90_000, first_seq=0)
    writer.switch("a", _packet(10, 0), 0.0)
    assert writer.write(_packet(9, 0), 0.0) is None


def test_a_told_distance_is_used_when_it_goes_on_in_time() -> None:
    writer = Rewriter(90_000, first_seq=0)
    writer.switch("a", _packet(1, 1000), 0.0)
    writer.write(_packet(1, 1000), 0.0)
    writer.switch("b", _packet(7, 500_000), 1.0, offset=1000 + 6000 - 500_000)
    sent = writer.write(_packet(7, 500_000), 1.0)
    assert sent is not None
    assert sent.timestamp == 7000


def test_a_told_distance_that_turns_time_back_is_not_believed() -> None:
    writer = Rewriter(90_000, first_seq=0)
    writer.switch("a", _packet(1, 10_000), 0.0)
    writer.write(_packet(1, 10_000), 0.0)
    writer.switch("b", _packet(7, 0), 0.1, offset=0)
    sent = writer.write(_packet(7, 0), 0.1)
    assert sent is not None
    assert sent.timestamp == 19_000


@given(st.integers(0, SEQ - 1), st.lists(st.integers(-50, 200), max_size=50))
def test_unwrapped_numbers_keep_their_distances(first: int, steps: list[int]) -> None:
    unwrap = Unwrapper(SEQ)
    base = unwrap(first)
    place = highest = 0
    for step in steps:
        place = highest + step
        assert unwrap((first + place) % SEQ) - base == place
        highest = max(highest, place)
