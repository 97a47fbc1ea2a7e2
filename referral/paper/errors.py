"""Refusals of paper."""

from kernel.errors import Refusal


class TypefaceMissing(Refusal):
    """The typeface comes with the built web pages, and these are not there."""

    code = "paper.typeface_missing"
    status = 503


class NothingToPrint(Refusal):
    """The case has nothing yet that this document would say. Fields: kind."""

    code = "paper.nothing_to_print"


class IdentityClosed(Refusal):
    """A document names her; it is not for those who may not know who she is."""

    code = "paper.identity_closed"
    status = 403


class TooManyChecks(Refusal):
    """Somebody is trying codes. Fields: seconds."""

    code = "paper.too_many_checks"
    status = 429
