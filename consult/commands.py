"""What can be asked: one struct per command, used by routes and service alike."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec

WhyNot = Literal[
    "not_available", "contraindicated", "condition_changed", "refused", "done_before", "other"
]
"""Why an order was not executed; "other" needs words."""

OrderText = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class Strict(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Unknown fields are refused, not ignored."""


class NewOrder(Strict, kw_only=True):
    """One thing to do."""

    text: OrderText


class NewAdvice(Strict, kw_only=True):
    """A draft; `addendum_to` names signed advice that it adds to."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=8000)]
    orders: Annotated[list[NewOrder], msgspec.Meta(max_length=30)] = msgspec.field(
        default_factory=list
    )
    addendum_to: UUID | None = None


class SignAdvice(Strict, kw_only=True):
    """The author's password, once more."""

    password: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class ReportOrder(Strict, kw_only=True):
    """What became of an order at the bedside; not executed needs its coded reason."""

    state: Literal["read_back", "executed", "not_executed"]
    code: WhyNot | None = None
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)] | None = None
