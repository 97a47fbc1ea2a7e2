"""Which sequence numbers of a recording are known: the arithmetic behind resume and gaps."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from uuid import UUID

from realtime.marks import NONE, Marks


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

    def stretch(self, last: int) -> None:
        """Make the last range, which there is, end there."""
        self._last[-1] = last

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
    settled, gapless beginning may ever be acknowledged. What changes with every second are the
    marks at its place: whoever takes many recordings at once moves `Marks.tail` on, and this
    follows when it is asked.
    """

    __slots__ = ("_received", "_settled", "marks", "place", "recording")

    def __init__(
        self,
        recording: UUID,
        received: Iterable[tuple[int, int]] = (),
        lost: Iterable[tuple[int, int]] = (),
    ) -> None:
        self.recording = recording
        self.marks = Marks(1)
        self.place = self.marks.take()
        self._received = SeqRanges(received)
        self._settled = SeqRanges(self._received.ranges())
        for first, last in lost:
            self._settled.add(first, last)
        self._measure()

    def move_in(self, marks: Marks) -> None:
        """Have a place among others' marks from now on."""
        place = marks.take()
        for name in marks.COLUMNS.keys() & self.marks.COLUMNS.keys():
            getattr(marks, name)[place] = getattr(self.marks, name)[self.place]
        self.marks, self.place = marks, place

    def move_out(self) -> None:
        """Give the place back, and take what is there along."""
        marks, place = self.marks, self.place
        self.move_in(type(marks)(1))
        marks.give_back(place)

    def _measure(self) -> None:
        end = self._settled.contiguous
        whole = len(self._settled) == 1 and end > 0 and self._received.highest == end
        self.marks.tail[self.place] = end + 1 if whole else NONE

    def _catch_up(self) -> None:
        tail = self.tail
        if tail != NONE and self._settled.highest < tail - 1:
            self._received.stretch(tail - 1)
            self._settled.stretch(tail - 1)

    @property
    def tail(self) -> int:
        """The second that follows all others, or `NONE` while something before it is missing."""
        return int(self.marks.tail[self.place])

    @property
    def received(self) -> SeqRanges:
        """The seconds that have arrived; to be looked at, not changed."""
        self._catch_up()
        return self._received

    @property
    def settled(self) -> SeqRanges:
        """The same, and those declared lost."""
        self._catch_up()
        return self._settled

    @property
    def next_seq(self) -> int:
        """The first second that is neither here nor declared lost."""
        tail = self.tail
        return tail if tail != NONE else self._settled.contiguous + 1

    @property
    def durable(self) -> int:
        """Everything up to this second is committed or declared lost."""
        return int(self.marks.durable[self.place])

    @durable.setter
    def durable(self, seq: int) -> None:
        self.marks.durable[self.place] = seq

    @property
    def acked(self) -> int:
        """How far its sender has been told so."""
        return int(self.marks.acked[self.place])

    @acked.setter
    def acked(self, seq: int) -> None:
        self.marks.acked[self.place] = seq

    def follow(self) -> None:
        """Note the second `tail`, as nearly every second is."""
        self.marks.tail[self.place] += 1

    def receive(self, seq: int) -> None:
        """Note one second as arrived."""
        self._catch_up()
        self._received.add(seq)
        self._settled.add(seq)
        self._measure()

    def declare_lost(self, first: int, last: int) -> list[tuple[int, int]]:
        """Settle the missing parts of `first..last` and return just those."""
        self._catch_up()
        holes = self._settled.missing(first, last)
        self._settled.add(first, last)
        self._measure()
        return holes

    def join(self, other: Progress) -> None:
        """Note all that `other` knows of the same recording."""
        self._catch_up()
        for first, last in other.received.ranges():
            self._received.add(first, last)
        for first, last in other.settled.ranges():
            self._settled.add(first, last)
        self._measure()
