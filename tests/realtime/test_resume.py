"""Ranges of sequence numbers behave like a set."""

from __future__ import annotations

from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from realtime.marks import NONE
from realtime.resume import Progress, SeqRanges

spans = st.tuples(st.integers(1, 60), st.integers(0, 8)).map(lambda s: (s[0], s[0] + s[1]))


@given(st.lists(spans, max_size=30), spans)
def test_ranges_are_a_set(added: list[tuple[int, int]], asked: tuple[int, int]) -> None:
    ranges, truth = SeqRanges(), set[int]()
    for first, last in added:
        ranges.add(first, last)
        truth |= set(range(first, last + 1))
    assert {seq for seq in range(80) if seq in ranges} == truth
    assert ranges.highest == max(truth, default=0)
    contiguous = 0
    while contiguous + 1 in truth:
        contiguous += 1
    assert ranges.contiguous == contiguous
    pieces = ranges.ranges()
    assert all(a[1] + 1 < b[0] for a, b in pairwise(pieces))
    assert len(ranges) == len(pieces)
    missing = {seq for first, last in ranges.missing(*asked) for seq in range(first, last + 1)}
    assert missing == set(range(asked[0], asked[1] + 1)) - truth


steps = st.one_of(st.integers(1, 40), spans)
in_order = st.integers(1, 20).map(lambda end: [*range(1, end)])


@given(st.one_of(st.lists(steps, max_size=60), in_order), st.lists(steps), st.booleans())
def test_progress_never_passes_what_is_missing(
    first_part: list[int | tuple[int, int]], then: list[int | tuple[int, int]], quick: bool
) -> None:
    story = first_part + then
    progress, received, settled = Progress(UUID(int=1)), set[int](), set[int]()
    for step in story:
        if isinstance(step, int):
            if quick and step == progress.tail:
                progress.follow()
            else:
                progress.receive(step)
            received.add(step)
            settled.add(step)
        else:
            holes = progress.declare_lost(*step)
            named = {seq for first, last in holes for seq in range(first, last + 1)}
            assert named == set(range(step[0], step[1] + 1)) - settled
            settled |= named
        assert progress.next_seq not in settled
        assert progress.tail in (NONE, progress.next_seq)
        whole = settled == set(range(1, len(settled) + 1))
        assert (progress.tail > 0) == (whole and len(settled) in received)
        assert set(range(1, progress.next_seq)) <= settled
    assert all((seq in progress.received) == (seq in received) for seq in range(1, 60))
