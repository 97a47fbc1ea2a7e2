"""Refusals of feeds."""

from kernel.errors import Refusal


class TooManyFeeds(Refusal):
    """More subscriptions than a person needs. Fields: limit."""

    code = "duty.too_many_feeds"


class NotYourGroup(Refusal):
    """A group's calendar is for those who work at its facility."""

    code = "duty.not_your_group"
    status = 403


class FileUnreadable(Refusal):
    """A file that holds no roster that we can read. Fields: reason (a code)."""

    code = "duty.file_unreadable"
    status = 422


class ImportChanged(Refusal):
    """The file, the names or the plan are not those of the preview."""

    code = "duty.import_changed"


class ImportHasProblems(Refusal):
    """Lines that cannot be written stand beside those that can. Fields: problems (how many)."""

    code = "duty.import_has_problems"
    status = 422
