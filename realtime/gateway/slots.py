"""Connections by number: columns hold numbers, not objects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T")


class Slots(Generic[T]):
    """Small numbers, each one's as long as it is here."""

    def __init__(self) -> None:
        self._held: list[T | None] = []
        self._free: list[int] = []

    def take(self, one: T) -> int:
        """A number for it."""
        if not self._free:
            self._held.append(one)
            return len(self._held) - 1
        number = self._free.pop()
        self._held[number] = one
        return number

    def give_back(self, number: int) -> None:
        """It is gone; the number is another's next."""
        self._held[number] = None
        self._free.append(number)

    def __getitem__(self, number: int) -> T:
        """Whose number it is; `KeyError` if nobody's."""
        held = self._held[number]
        if held is None:
            raise KeyError(number)
        return held

    def of(self, numbers: npt.NDArray[np.integer[Any]]) -> Iterator[T]:
        """The same of many, without a call for each: every acknowledgement asks."""
        held = self._held
        for number in numbers.tolist():
            one = held[number]
            if one is None:
                raise KeyError(number)
            yield one
