"""Every "no" of the clocks, coded; the texts stand in messages.toml."""

from kernel.errors import Refusal


class ClockUnknown(Refusal):
    """This clock does not run on the case. Fields: interval."""

    code = "clock.unknown"
    status = 404


class PromptUnknown(Refusal):
    """Nothing is asked under this code now. Fields: prompt."""

    code = "clock.prompt_unknown"
    status = 404


class NothingToOwn(Refusal):
    """The clock is within its target, or nobody has been told of it yet. Fields: interval."""

    code = "clock.nothing_to_own"


class NotLate(Refusal):
    """A delay is attributed to a clock that is over its target. Fields: interval."""

    code = "clock.not_late"


class ReasonUnknown(Refusal):
    """Not in the list of coded reasons, or it needs words and has none. Fields: code_given."""

    code = "clock.reason_unknown"
    status = 422


class NotAmendable(Refusal):
    """Only moments and their attributes are corrected this way. Fields: seq."""

    code = "clock.not_amendable"


class UndoOver(Refusal):
    """Not one's own, not entered by hand, or too long ago: it takes a correction. Fields: seq."""

    code = "clock.undo_over"
