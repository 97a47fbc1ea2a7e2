"""Refusals of records of telephone calls; texts in messages.toml."""

from typing import ClassVar

from kernel.errors import Refusal


class NotYetCalled(Refusal):
    """The call lies in the future, or before the consultation was asked. Fields: reason."""

    code: ClassVar[str] = "consult_call.time"
    status: ClassVar[int] = 422


class CallCalledOff(Refusal):
    """The consultation was called off."""

    code: ClassVar[str] = "consult_call.called_off"


class CallNotYours(Refusal):
    """Only one's own record is corrected, and once. Fields: n."""

    code: ClassVar[str] = "consult_call.not_yours"
