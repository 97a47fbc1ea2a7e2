"""Numbers that begin again: RTP's sequence numbers, timestamps and VP8's picture ids."""

from typing import Final

SEQ: Final = 1 << 16
TIME: Final = 1 << 32
PICTURE: Final = 1 << 15
NARROW: Final = 1 << 7
TL0: Final = 1 << 8


def apart(newer: int, older: int, size: int) -> int:
    """How far `newer` is ahead of `older` on a circle of `size`; negative when it is behind."""
    step = (newer - older) % size
    return step - size if step >= size // 2 else step


class Unwrapper:
    """Gives numbers of a circle their place on the line, from 0 at the first one seen upward."""

    __slots__ = ("_last", "_size")

    def __init__(self, size: int) -> None:
        self._size = size
        self._last: int | None = None

    def __call__(self, value: int) -> int:
        """The place of `value`, the one nearest to the highest so far."""
        if self._last is None:
            self._last = value + self._size  # room for a few that come late
            return self._last
        place = self._last + apart(value, self._last % self._size, self._size)
        self._last = max(self._last, place)
        return place
