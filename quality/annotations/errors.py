"""Refusals of notes beside a chart."""

from typing import ClassVar

from kernel.errors import Refusal


class NoteScope(Refusal):
    """A note is written for one's own house, or for a region that one oversees."""

    code: ClassVar[str] = "notes.own_place_only"
    status: ClassVar[int] = 403


class NoteMonth(Refusal):
    """Nothing can be said yet of a month to come. Fields: month."""

    code: ClassVar[str] = "notes.month_to_come"
    status: ClassVar[int] = 422


class NoteText(Refusal):
    """A note is one line of text: no blanks alone, no control characters."""

    code: ClassVar[str] = "notes.text_invalid"
    status: ClassVar[int] = 422


class NoteWithdrawn(Refusal):
    """Somebody has taken it back already."""

    code: ClassVar[str] = "notes.withdrawn"
