"""Rows of a tally, from cells and from facts, added up by any of their keys."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from quality.tallies import Tally
from quality.vocabulary import AMOUNTS

COUNT: Final = "<i4"
"""How a count is kept."""

AMOUNT: Final = "<i8"
"""How a count travels where amounts are added up; nothing of them is kept."""

KeyT = TypeVar("KeyT", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Summed(Generic[KeyT]):
    """What rows come to that agree in a key.

    Attributes:
        counts: groups by counts of the tally, in their order; a last column of zeros stands for
            what a measure does not count.
        durations: of each of the tally's durations the bytes of every group.
    """

    keys: list[KeyT]
    counts: NDArray[np.int64]
    durations: list[list[bytes]]


@dataclass(slots=True)
class Sums:
    """Rows of a tally by their keys."""

    tally: Tally
    keys: list[tuple[Hashable, ...]] = field(default_factory=list)
    counts: list[bytes] = field(default_factory=list)
    durations: list[Sequence[bytes | None]] = field(default_factory=list)

    def add_facts(self, rows: Sequence[Sequence[Any]], keys: int) -> None:
        """Take in rows of `Tally.select`, each of which begins with so many keys."""
        told = [row[keys:] for row in rows]
        self.keys += [tuple(row[:keys]) for row in rows]
        self.counts += [counts.tobytes() for counts in _counted(self.tally, told)]
        self.durations += [_lasted(self.tally, one) for one in told]

    def add_cells(
        self, key: tuple[Hashable, ...], counts: bytes, durations: Sequence[bytes | None]
    ) -> None:
        """Take in any number of cells of one key, joined end to end."""
        self.keys.append(key)
        self.counts.append(counts)
        self.durations.append(durations)

    def whole(self) -> Summed[None]:
        """All rows together: one group, also of no rows."""
        width = self._width()
        counts = np.zeros((1, width + 1), dtype=np.int64)
        counts[0, :width] = self._rows(width).sum(axis=0, dtype=np.int64)
        nothing = [()] * len(self.tally.durations)
        parts = zip(*self.durations, strict=True) if self.durations else nothing
        return Summed([None], counts, [[b"".join(filter(None, one))] for one in parts])

    def by(self, at: int) -> Summed[Hashable]:
        """What rows come to that agree in the key at place `at`."""
        return self._grouped([key[at] for key in self.keys])

    def by_all(self) -> Summed[tuple[Hashable, ...]]:
        """What rows come to that agree in all keys."""
        return self._grouped(self.keys)

    def _width(self) -> int:
        return len(self.tally.outer) - len(self.tally.durations)

    def _rows(self, width: int) -> NDArray[np.signedinteger[Any]]:
        return np.frombuffer(b"".join(self.counts), dtype=_type(self.tally)).reshape(-1, width)

    def _grouped(self, keys: Sequence[KeyT]) -> Summed[KeyT]:
        numbers: dict[KeyT, int] = {}
        groups = np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)
        width = self._width()
        counts = np.zeros((len(numbers), width + 1), dtype=np.int64)
        if numbers:
            rows = self._rows(width)
            size = width * rows.itemsize
            of_rows = np.repeat(groups, [len(one) // size for one in self.counts])
            order = np.argsort(of_rows, kind="stable")
            starts = np.searchsorted(of_rows[order], np.arange(len(numbers)))
            rows = rows[order]
            np.add.reduceat(rows, starts, dtype=np.int64, out=counts[:, :width])
        held: list[list[bytes]] = []
        for nth in range(len(self.tally.durations)):
            parts: list[list[bytes]] = [[] for _ in numbers]
            for group, durations in zip(groups.tolist(), self.durations, strict=True):
                if one := durations[nth]:
                    parts[group].append(one)
            held.append([b"".join(one) for one in parts])
        return Summed(list(numbers), counts, held)


def split(tally: Tally, told: Sequence[Any]) -> tuple[bytes, list[bytes]]:
    """Counts and durations of a row of `Tally.select`, as cells keep them."""
    (counts,) = _counted(tally, [told])
    return counts.tobytes(), _lasted(tally, told)


def _counted(tally: Tally, rows: Sequence[Sequence[Any]]) -> NDArray[np.signedinteger[Any]]:
    lengths = set(tally.durations)
    places = [at for at in range(len(tally.outer)) if at not in lengths]
    counts = rows if not lengths else [[row[at] for at in places] for row in rows]
    return np.array(counts, dtype=_type(tally)).reshape(len(rows), len(places))


def _lasted(tally: Tally, told: Sequence[Any]) -> list[bytes]:
    return [bytes(told[at] or b"") for at in tally.durations]


def _type(tally: Tally) -> str:
    return AMOUNT if tally.of in AMOUNTS else COUNT
