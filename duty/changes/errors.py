"""Refusals of changes to a published roster."""

from kernel.errors import Refusal


class NothingToSwap(Refusal):
    """No colleague, no shift in return, or the requester's own shift. Fields: reason."""

    code = "duty.nothing_to_swap"
    status = 422


class ChangeOpen(Refusal):
    """Something is already asked about this shift."""

    code = "duty.change_open"


class ChangeTaken(Refusal):
    """A colleague was faster."""

    code = "duty.change_taken"


class ChangeTooLate(Refusal):
    """Too short before the shift for consents and approval; taking over now is the way."""

    code = "duty.change_too_late"
    status = 422


class ShiftMoved(Refusal):
    """A shift of the change no longer stands as it did when it was asked for."""

    code = "duty.shift_moved"


class PersonGone(Refusal):
    """The person no longer works at the facility or has no account in use."""

    code = "duty.person_gone"


class RestTooShort(Refusal):
    """Too little rest between two duties of one person. Fields: hours, that the rule demands."""

    code = "duty.rest_too_short"


class TermsMoved(Refusal):
    """The rule or the weights were changed since they were read."""

    code = "duty.terms_moved"


class NotOnDutyNow(Refusal):
    """Only a shift that runs now is taken over."""

    code = "duty.not_on_duty_now"
