"""Refusals of handovers."""

from kernel.errors import Refusal


class CasesChanged(Refusal):
    """Another case is open since the list was read. Fields: count."""

    code = "duty.handover_cases_changed"


class HandoverEarly(Refusal):
    """The hour of handover has not come."""

    code = "duty.handover_early"
