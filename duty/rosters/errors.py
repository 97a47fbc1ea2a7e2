"""Refusals of rosters."""

from kernel.errors import Refusal


class ShiftOverlaps(Refusal):
    """Somebody already fills the slot in part of the period."""

    code = "duty.shift_overlaps"


class ShiftInThePast(Refusal):
    """Past duty is a record; a change begins now at the earliest."""

    code = "duty.shift_in_the_past"
    status = 422


class TitleTooLow(Refusal):
    """The slot asks for a higher title. Fields: min_title, title."""

    code = "duty.title_too_low"
    status = 422
