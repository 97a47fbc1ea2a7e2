"""Refusals of stills; texts in messages.toml."""

from typing import ClassVar

from kernel.errors import Refusal


class StillRefused(Refusal):
    """The picture cannot be kept. Fields: reason."""

    code: ClassVar[str] = "room.still_refused"
    status: ClassVar[int] = 422


class StillLost(Refusal):
    """The bytes are missing, or are not those that were kept."""

    code: ClassVar[str] = "room.still_lost"
    status: ClassVar[int] = 503


class MarkNotYours(Refusal):
    """Only one's own mark is taken back, and once. Fields: n."""

    code: ClassVar[str] = "room.mark_not_yours"


class MarkOutside(Refusal):
    """It does not lie on the picture. Fields: width, height."""

    code: ClassVar[str] = "room.mark_outside"
    status: ClassVar[int] = 422
