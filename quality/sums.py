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

    def whole(self) -> "Summed[None]":
        """All groups together: one, also of none."""
        counts = self.counts.sum(axis=0, keepdims=True)
        return Summed([None], counts, [[b"".join(one)] for one in self.durations])


@dataclass(slots=True)
class Sums:
    """Rows of a tally by their keys."""

    tally: Tally
    keys: list[tuple[Hashable, ...]] = field(default_factory=list)
    counts: list[bytes] = field(default_factory=list)
    durations: list[Sequence[bytes | None]] = field(default_factory=list)

    def add_facts(self, rows: Sequence[Sequence[Any]], keys: int) -> None:
        """Take in rows of `Tally.select`, each of which begins with so many keys."""
        if not rows:
            return
        columns = list(zip(*rows, strict=True))
        told = columns[keys:]
        self.keys += _together(columns[:keys], len(rows))
        self.counts += [counts.tobytes() for counts in _counted(self.tally, told)]
        self.durations += _together([told[at] for at in self.tally.durations], len(rows))

    def add_cells(
        self, key: tuple[Hashable, ...], counts: bytes, durations: Sequence[bytes | None]
    ) -> None:
        """Take in any number of cells of one key, joined end to end."""
        self.keys.append(key)
        self.counts.append(counts)
        self.durations.append(durations)

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
    (counts,) = _counted(tally, [(one,) for one in told])
    return counts.tobytes(), [told[at] or b"" for at in tally.durations]


def _together(columns: Sequence[Sequence[Any]], rows: int) -> list[tuple[Any, ...]]:
    """Rows of these columns, also of none."""
    return list(zip(*columns, strict=True)) if columns else [()] * rows


def _counted(tally: Tally, columns: Sequence[Sequence[Any]]) -> NDArray[np.signedinteger[Any]]:
    """Rows of counts, of what `Tally.select` tells column by column."""
    lengths = set(tally.durations)
    counts = [column for at, column in enumerate(columns) if at not in lengths]
    return np.ascontiguousarray(np.array(counts, dtype=_type(tally)).T)


def _type(tally: Tally) -> str:
    return AMOUNT if tally.of in AMOUNTS else COUNT
