"""Refusals about recordings; texts in messages.toml."""

from typing import ClassVar

from kernel.errors import Refusal


class RecordingOver(Refusal):
    """It was refused, withdrawn or stopped; ask for another one."""

    code: ClassVar[str] = "recording.over"


class OtherText(Refusal):
    """The text agreed to is not the one in force. Fields: version."""

    code: ClassVar[str] = "recording.other_text"


class AnsweredAlready(Refusal):
    """What was said before leads nowhere from here. Fields: answer."""

    code: ClassVar[str] = "recording.answered_already"


class AskerOrHost(Refusal):
    """Stopping is for whoever asked and for hosts; everybody else may withdraw."""

    code: ClassVar[str] = "recording.asker_or_host"
    status: ClassVar[int] = 403


class TakersOnly(Refusal):
    """Only those who take part in the consultation look at what was recorded."""

    code: ClassVar[str] = "recording.takers_only"
    status: ClassVar[int] = 403


class NotKeptYet(Refusal):
    """It is still running, or its files are not listed yet."""

    code: ClassVar[str] = "recording.not_kept_yet"


class Erased(Refusal):
    """Its time is over. Fields: retain_until."""

    code: ClassVar[str] = "recording.erased"
    status: ClassVar[int] = 410


class RecordingLost(Refusal):
    """A file is missing, or is not what was written."""

    code: ClassVar[str] = "recording.lost"
    status: ClassVar[int] = 410


class NoSuchRange(Refusal):
    """The bytes asked for are not there."""

    code: ClassVar[str] = "recording.no_such_range"
    status: ClassVar[int] = 416
