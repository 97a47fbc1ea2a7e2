"""Refusals of notification."""

from kernel.errors import Refusal


class EndpointRefused(Refusal):
    """An address that we do not deliver to. Fields: reason (a code)."""

    code = "duty.endpoint_refused"
    status = 422
