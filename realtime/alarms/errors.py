"""Refusals about alarms and their limits; texts in realtime/messages.toml."""

from typing import ClassVar

from kernel.errors import Refusal


class AlarmMoved(Refusal):
    """The alarm is no longer where the viewer saw it. Fields: state, action."""

    code: ClassVar[str] = "ctg.alarm_moved"


class SilenceTooLong(Refusal):
    """Longer than the limits allow. Fields: most."""

    code: ClassVar[str] = "ctg.silence_too_long"
    status: ClassVar[int] = 422


class WordsNeeded(Refusal):
    """ "Other" without words says nothing."""

    code: ClassVar[str] = "ctg.words_needed"
    status: ClassVar[int] = 422


class LimitsOutOfBounds(Refusal):
    """A limit outside the platform's bounds. Fields: field, least, most, all."""

    code: ClassVar[str] = "ctg.limits_out_of_bounds"
    status: ClassVar[int] = 422
