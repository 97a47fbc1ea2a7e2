"""Connections by number: columns hold numbers, not objects."""

from __future__ import annotations

from typing import Generic, TypeVar

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
