"""Which sequence numbers of a recording are known: the arithmetic behind resume and gaps."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Final
from uuid import UUID


class SeqRanges:
    """A set of positive integers kept as sorted, disjoint, inclusive ranges.

    Adding the number after the newest one, which is what a healthy stream does, costs O(1).
    """

    __slots__ = ("_first", "_last")

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self._first: list[int] = []
        self._last: list[int] = []
        for first, last in ranges:
            self.add(first, last)

    def add(self, first: int, last: int | None = None) -> None:
        """Include `first..last`."""
        last = first if last is None else last
        if self._last and self._last[-1] + 1 == first:
            self._last[-1] = last
            return
        low = bisect_left(self._last, first - 1)
        high = bisect_right(self._first, last + 1)
        if low < high:
            first = min(first, self._first[low])
            last = max(last, self._last[high - 1])
        self._first[low:high] = [first]
        self._last[low:high] = [last]

    def __contains__(self, seq: int) -> bool:
        at = bisect_left(self._last, seq)
        return at < len(self._last) and self._first[at] <= seq

    def __len__(self) -> int:
        """Number of ranges, not of numbers."""
        return len(self._first)

    @property
    def ends(self) -> list[int]:
        """The last number of each range: the list itself, for whoever must be fast."""
        return self._last

    def ranges(self) -> list[tuple[int, int]]:
        """All ranges, ascending."""
        return list(zip(self._first, self._last, strict=True))

    @property
    def contiguous(self) -> int:
        """The largest n such that 1..n are all included; 0 when 1 is not."""
        return self._last[0] if self._first and self._first[0] == 1 else 0

    @property
    def highest(self) -> int:
        """The largest included number, 0 when empty."""
        return self._last[-1] if self._last else 0

    def missing(self, first: int, last: int) -> list[tuple[int, int]]:
        """The parts of `first..last` that are not included."""
        holes = []
        at = bisect_left(self._last, first)
        while at < len(self._first) and self._first[at] <= last:
            if first < self._first[at]:
                holes.append((first, self._first[at] - 1))
            first = self._last[at] + 1
            at += 1
        if first <= last:
            holes.append((first, last))
        return holes


class Progress:
    """How far one recording has come, shared by whatever connection feeds it.

    `received` holds the seconds that have arrived; `settled` also those declared lost. Only a
    settled, gapless beginning may ever be acknowledged.

    Attributes:
        tail: the one second that may come by `follow`, and is the next of all; `NONE` while
            something before it is missing.
    """

    NONE: Final = -1

    __slots__ = ("_received", "_settled", "received", "recording", "settled", "tail")

    def __init__(
        self,
        recording: UUID,
        received: Iterable[tuple[int, int]] = (),
        lost: Iterable[tuple[int, int]] = (),
    ) -> None:
        self.recording = recording
        self.received = SeqRanges(received)
        self.settled = SeqRanges(self.received.ranges())
        for first, last in lost:
            self.settled.add(first, last)
        self._received, self._settled = self.received.ends, self.settled.ends
        self._measure()

    def _measure(self) -> None:
        end = self.settled.contiguous
        whole = len(self._settled) == 1 and end > 0 and self.received.highest == end
        self.tail = end + 1 if whole else self.NONE

    @property
    def next_seq(self) -> int:
        """The first second that is neither here nor declared lost."""
        return self.tail if self.tail > 0 else self.settled.contiguous + 1

    def follow(self) -> None:
        """Note the second `tail`, as nearly every second is: for whoever must be fast."""
        self._received[-1] = self._settled[-1] = self.tail
        self.tail += 1

    def receive(self, seq: int) -> None:
        """Note one second as arrived."""
        self.received.add(seq)
        self.settled.add(seq)
        self._measure()

    def declare_lost(self, first: int, last: int) -> list[tuple[int, int]]:
        """Settle the missing parts of `first..last` and return just those."""
        holes = self.settled.missing(first, last)
        self.settled.add(first, last)
        self._measure()
        return holes

    def join(self, other: Progress) -> None:
        """Note all that `other` knows of the same recording."""
        for first, last in other.received.ranges():
            self.received.add(first, last)
        for first, last in other.settled.ranges():
            self.settled.add(first, last)
        self._measure()
