"""Refusals about readings; texts in realtime/messages.toml."""

from typing import ClassVar

from kernel.errors import Refusal


class RecordingUnbound(Refusal):
    """Nobody knows yet whose tracing it is."""

    code: ClassVar[str] = "ctg.reading_unbound"


class ReadingMoved(Refusal):
    """The reading is no longer where the viewer saw it. Fields: state, action."""

    code: ClassVar[str] = "ctg.reading_moved"


class ReadersOnly(Refusal):
    """An expert of the centre that was asked reads."""

    code: ClassVar[str] = "ctg.readers_only"
    status: ClassVar[int] = 403


class AskersOnly(Refusal):
    """Those at the house that asked."""

    code: ClassVar[str] = "ctg.askers_only"
    status: ClassVar[int] = 403


class NotYourReading(Refusal):
    """Somebody else has claimed, or signed, it."""

    code: ClassVar[str] = "ctg.not_your_reading"
    status: ClassVar[int] = 403


class NothingToRead(Refusal):
    """No second of the window is stored. Fields: from_seq, to_seq."""

    code: ClassVar[str] = "ctg.nothing_to_read"
    status: ClassVar[int] = 422


class CitedUnseen(Refusal):
    """A cited second was not on the strip that the author looked at. Fields: from_seq, to_seq."""

    code: ClassVar[str] = "ctg.cited_unseen"
    status: ClassVar[int] = 422


class ReaderUnknown(Refusal):
    """Nobody can read there."""

    code: ClassVar[str] = "ctg.reader_unknown"
    status: ClassVar[int] = 422


class ReadingLimitsOutOfBounds(Refusal):
    """Outside what the platform lets a house choose. Fields: field, least, most, all."""

    code: ClassVar[str] = "ctg.reading_limits_out_of_bounds"
    status: ClassVar[int] = 422
