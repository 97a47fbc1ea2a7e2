"""What advice looks like from outside."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from consult.commands import WhyNot
from registry.facilities.schemas import FacilityRef
from registry.people.schemas import PersonRef


class AdviceOrder(msgspec.Struct, kw_only=True):
    """One order and what the bedside says about it."""

    n: int
    text: str
    state: Literal["pending", "read_back", "executed", "not_executed"]
    code: WhyNot | None
    reason: str | None
    at: datetime | None
    by: PersonRef | None


class Advice(msgspec.Struct, kw_only=True):
    """An opinion; `digest` is the hash of the signed text, as it stands on the chain."""

    id: UUID
    case_id: UUID
    text: str
    orders: list[AdviceOrder]
    state: Literal["draft", "signed"]
    author: PersonRef | None
    facility: FacilityRef | None
    addendum_to: UUID | None
    created_at: datetime
    signed_at: datetime | None
    digest: str | None
    may_sign: bool
    may_report: bool
