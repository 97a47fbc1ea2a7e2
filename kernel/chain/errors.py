"""Refusals of the case-event chain."""

from kernel.errors import Refusal


class PayloadInvalid(Refusal):
    """An event's payload cannot be stored byte for byte. Fields: reason."""

    code = "chain.payload_invalid"
    status = 422


class AmendmentInvalid(Refusal):
    """An amendment lacks what makes it one. Fields: reason (a code)."""

    code = "chain.amendment_invalid"
    status = 422


class TimelineFrozen(Refusal):
    """A death is recorded: nothing is added to what came before it."""

    code = "chain.timeline_frozen"
