"""Why a file cannot be kept."""

MAX_PIXELS = 100_000_000
"""More than any phone takes; a header that promises more is meant to exhaust a viewer."""


class Broken(Exception):
    """`reason` is a code: unknown_type, not_whole, too_many_pixels, animated, active, encrypted."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def must_fit(width: int, height: int) -> None:
    """Refuse a picture of no size or of far too much.

    Raises:
        Broken: zero, or beyond `MAX_PIXELS`.
    """
    if width < 1 or height < 1:
        raise Broken("not_whole")
    if width * height > MAX_PIXELS:
        raise Broken("too_many_pixels")
