"""Who waits for a moment, thousands at a time: a wheel that is turned, not a timer for each.

A timer wakes the loop for one connection; here all whose moment has come are served at once.
"""

from __future__ import annotations

import math
from typing import Final, Generic, TypeVar

TURN_S: Final = 0.1

T = TypeVar("T")


class Later(Generic[T]):
    """Gives back what it holds when its moment has come, never before.

    Whoever asks once a turn gets it less than two turns after.
    """

    def __init__(self, turn_s: float = TURN_S) -> None:
        self._turn_s = turn_s
        self._slots: dict[int, list[T]] = {}

    def hold(self, one: T, until_s: float) -> None:
        """Keep it until that moment, by the clock that `due` is asked with."""
        self._slots.setdefault(math.ceil(until_s / self._turn_s), []).append(one)

    def due(self, now_s: float) -> list[T]:
        """Let go of all whose moment has come, the earliest first."""
        turn = int(now_s / self._turn_s)
        slots = sorted(slot for slot in self._slots if slot <= turn)
        return [one for slot in slots for one in self._slots.pop(slot)]
