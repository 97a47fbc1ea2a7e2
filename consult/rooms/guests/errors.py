"""Refusals about guests; texts in messages.toml."""

from typing import ClassVar

from kernel.errors import Refusal


class GuestLinkOver(Refusal):
    """Unknown, opened before, too old, revoked, or its room has ended: all look the same."""

    code: ClassVar[str] = "room.guest_link_over"
    status: ClassVar[int] = 410
