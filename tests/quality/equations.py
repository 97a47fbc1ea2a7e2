"""What somebody can work out from sums that she was told, by linear algebra."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

PRIME: Final = 2_147_483_629
"""Sums hold 0 and 1 alone: what they determine among rational numbers, they do modulo this."""


class Equations:
    """Sums over cells that nobody is told one by one."""

    def __init__(self, cells: int) -> None:
        self._cells = cells
        self._rows: dict[int, NDArray[np.int64]] = {}

    def learn(self, row: NDArray[np.int64]) -> None:
        """Somebody is told the sum."""
        rest = self._reduced(row)
        at = np.flatnonzero(rest)
        if at.size:
            pivot = int(at[0])
            self._rows[pivot] = rest * pow(int(rest[pivot]), -1, PRIME) % PRIME

    def determine(self, row: NDArray[np.int64]) -> bool:
        """Whether the sum follows from what she was told."""
        return not self._reduced(row).any()

    def _reduced(self, row: NDArray[np.int64]) -> NDArray[np.int64]:
        rest = row % PRIME
        for pivot in sorted(self._rows):
            if rest[pivot]:
                rest = (rest - int(rest[pivot]) * self._rows[pivot]) % PRIME
        return rest
