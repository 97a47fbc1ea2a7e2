"""Refusals of paging."""

from kernel.errors import Refusal


class NotATarget(Refusal):
    """The viewer sees the page but was never rung by it."""

    code = "duty.not_a_target"
    status = 403


class PageOver(Refusal):
    """The page was cancelled before this answer. Fields: reason."""

    code = "duty.page_over"
