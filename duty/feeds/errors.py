"""Refusals of feeds."""

from kernel.errors import Refusal


class TooManyFeeds(Refusal):
    """More subscriptions than a person needs. Fields: limit."""

    code = "duty.too_many_feeds"


class NotYourGroup(Refusal):
    """A group's calendar is for those who work at its facility."""

    code = "duty.not_your_group"
    status = 403
