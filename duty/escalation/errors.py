"""Refusals of paging."""

from kernel.errors import Refusal


class NotATarget(Refusal):
    """The viewer sees the page but was never rung by it."""

    code = "duty.not_a_target"
    status = 403


class PageOver(Refusal):
    """The page was cancelled before this answer. Fields: reason."""

    code = "duty.page_over"


class NotYourCall(Refusal):
    """Only the side that called a team calls it off."""

    code = "duty.not_your_call"
    status = 403


class HouseOutside(Refusal):
    """The house is outside the network: nobody there is on a roster of ours."""

    code = "duty.house_outside"
    status = 422


class PolicyNotInForce(Refusal):
    """Only the version that counts now can be taken back; this one no longer does."""

    code = "duty.policy_not_in_force"


class PolicyShipped(Refusal):
    """The platform's own ladders belong to nobody and stay: no event is without one."""

    code = "duty.policy_shipped"


class PolicyBelowFloor(Refusal):
    """The ladder could end in silence or come too late. Fields: reason, step, all."""

    code = "duty.policy_below_floor"
    status = 422
