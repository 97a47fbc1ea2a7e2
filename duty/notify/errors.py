"""Refusals of notification."""

from kernel.errors import Refusal


class EndpointRefused(Refusal):
    """An address that we do not deliver to. Fields: reason (a code)."""

    code = "duty.endpoint_refused"
    status = 422


class ContactRefused(Refusal):
    """No address of that channel. Fields: reason (a code)."""

    code = "duty.contact_refused"
    status = 422


class ContactKnown(Refusal):
    """The person has this point already."""

    code = "duty.contact_known"


class CodeTooSoon(Refusal):
    """Codes are not sent so often. Fields: wait_s."""

    code = "duty.code_too_soon"
    status = 429


class TooSoonToTest(Refusal):
    """A test was sent a moment ago. Fields: wait_s."""

    code = "duty.test_too_soon"
    status = 429


class CodeWrong(Refusal):
    """Not the code that was sent. Fields: left."""

    code = "duty.code_wrong"
    status = 422


class CodeOver(Refusal):
    """No code waits for an answer: expired, guessed too often, or never sent."""

    code = "duty.code_over"


class ContactUnverified(Refusal):
    """Only a verified point is tested."""

    code = "duty.contact_unverified"


class FloorHolds(Refusal):
    """This channel rings at once in every emergency. Fields: channel."""

    code = "duty.floor_holds"


class AnswerLinkOver(Refusal):
    """Unknown or expired: the two look the same."""

    code = "duty.answer_link_over"
    status = 410
