"""Refusals of what follows a case."""

from kernel.errors import Refusal


class AlreadyReported(Refusal):
    """The step was reported. Fields: at."""

    code = "aftermath.already_reported"


class BeforeDeath(Refusal):
    """A report cannot precede the death. Fields: died_at."""

    code = "aftermath.before_death"
    status = 422


class AlreadyDecided(Refusal):
    """Somebody has confirmed or rejected it. Fields: verdict."""

    code = "aftermath.already_decided"


class ReasonNeeded(Refusal):
    """A rejection says why."""

    code = "aftermath.reason_needed"
    status = 422


class NotMaternal(Refusal):
    """Near-miss criteria are about the mother; this case transfers a newborn alone."""

    code = "aftermath.not_maternal"


class NothingEntered(Refusal):
    """The form came empty."""

    code = "aftermath.nothing_entered"
    status = 422
