"""Refusals of what is written in rooms; texts in messages.toml."""

from typing import ClassVar

from kernel.errors import Refusal


class CorrectsOther(Refusal):
    """Only one's own message is corrected, and once. Fields: n."""

    code: ClassVar[str] = "room.corrects_other"
