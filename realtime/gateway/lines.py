"""Which monitors have fallen silent on a line that is up, and which lines are gone: all at once."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

GONE_NS: Final = 30_000_000_000
"""So long without a line, a recording is no longer looked at here."""

_NEVER: Final = np.iinfo(np.int64).max
Rows = npt.NDArray[np.intp]
_COLUMNS: Final = ("_heard_ns", "_limit_ns", "_fed", "_silent", "_used")


class Lines:
    """One row a recording; times in ns of a clock that nobody sets: a wall clock that jumps by a
    minute must not make every monitor silent, and one set back must not hide one that is."""

    def __init__(self, capacity: int = 64) -> None:
        self._heard_ns = np.zeros(capacity, np.int64)
        self._limit_ns = np.full(capacity, _NEVER, np.int64)
        self._fed = np.zeros(capacity, bool)
        self._silent = np.zeros(capacity, bool)
        self._used = np.zeros(capacity, bool)

    def add(self, row: int, at_ns: int) -> None:
        """A recording has the row from now on; nothing is known of its line."""
        while row >= len(self._used):
            for name in _COLUMNS:
                column = getattr(self, name)
                setattr(self, name, np.concatenate([column, np.zeros_like(column)]))
        self._heard_ns[row], self._limit_ns[row] = at_ns, _NEVER
        self._fed[row], self._silent[row], self._used[row] = False, False, True

    def remove(self, row: int) -> None:
        """Give the row back."""
        self._used[row] = self._fed[row] = False

    def up(self, row: int, at_ns: int) -> None:
        """A sender has opened it: silence counts from here."""
        self._fed[row], self._heard_ns[row] = True, max(int(self._heard_ns[row]), at_ns)

    def down(self, row: int) -> bool:
        """Its line is cut, or it has ended: it is no longer silent. True if it was."""
        was = bool(self._silent[row])
        self._fed[row] = self._silent[row] = False
        return was

    def heard(self, rows: Rows, at_ns: npt.NDArray[np.int64]) -> None:
        """Seconds of these have come."""
        self._heard_ns[rows] = at_ns

    def set_limit(self, row: int, silent_s: int) -> None:
        """How long the monitor may say nothing."""
        self._limit_ns[row] = silent_s * 1_000_000_000

    def known_silent(self, row: int) -> None:
        """It was found silent before, by a gateway before this one."""
        self._silent[row] = True

    def changed(self, now_ns: int) -> list[tuple[int, bool]]:
        """Rows that have fallen silent since the last time, or speak again, and which of the two.

        Silence is counted up to here; it is noted, so it is told once.
        """
        quiet = now_ns - self._heard_ns > self._limit_ns
        rows = np.flatnonzero(self._fed & (quiet != self._silent))
        self._silent[rows] = quiet[rows]
        return list(zip(rows.tolist(), quiet[rows].tolist(), strict=True))

    def gone(self, now_ns: int) -> list[int]:
        """Rows without a line for so long that nobody needs to look at them here."""
        over = self._used & ~self._fed & (now_ns - self._heard_ns > GONE_NS)
        return [int(row) for row in np.flatnonzero(over)]
