"""How far recordings have come, as columns: a flush of thousands is a few vector operations.

Every recording in memory has a *place*, the same in each column. What changes with every second of
every monitor lies here; objects that know a place read and write their own numbers.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

NONE: Final = -1

Places = npt.NDArray[np.intp]
"""Places of recordings, shape (n,)."""


class Marks:
    """One place a recording.

    Attributes:
        tail: the second that follows all others, where none before it is missing; else `NONE`.
        durable: everything up to this second is committed or declared lost.
        acked: how far its sender, on its present connection, has been told so.
    """

    COLUMNS: ClassVar[dict[str, tuple[Any, Any]]] = {
        "tail": (np.int64, NONE),
        "durable": (np.int64, 0),
        "acked": (np.int64, 0),
    }
    """Type and empty value by column. Arrays are replaced when they grow: never keep one."""

    tail: npt.NDArray[np.int64]
    durable: npt.NDArray[np.int64]
    acked: npt.NDArray[np.int64]

    def __init__(self, capacity: int = 64) -> None:
        self._free = list(range(capacity - 1, -1, -1))
        self.capacity = capacity
        for name, (kind, empty) in self.COLUMNS.items():
            setattr(self, name, np.full(capacity, empty, kind))

    def take(self) -> int:
        """A place that nobody has; empty."""
        if not self._free:
            self._grow()
        return self._free.pop()

    def give_back(self, place: int) -> None:
        """The place is empty again, and another's next."""
        for name, (_, empty) in self.COLUMNS.items():
            getattr(self, name)[place] = empty
        self._free.append(place)

    def _grow(self) -> None:
        old, self.capacity = self.capacity, 2 * self.capacity
        for name, (kind, empty) in self.COLUMNS.items():
            fresh = np.full(self.capacity, empty, kind)
            fresh[:old] = getattr(self, name)
            setattr(self, name, fresh)
        self._free.extend(range(self.capacity - 1, old - 1, -1))
