"""What advice looks like from outside."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from consult.citing import Quoted
from consult.commands import Recommendation, Stand, WhyNot
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


class AdviceStand(msgspec.Struct, kw_only=True):
    """Another expert's signed stand on the advice."""

    stand: Stand
    words: str
    by: PersonRef | None
    facility: FacilityRef | None
    at: datetime
    sha256: str


class AdviceRevision(msgspec.Struct, kw_only=True):
    """One wording of the draft, and whose it was."""

    n: int
    at: datetime
    by: PersonRef | None
    text: str
    findings: str
    recommendation: Recommendation | None
    orders: list[str]
    cited: list[Quoted]


class Advice(msgspec.Struct, kw_only=True):
    """An opinion; `digest` is the hash of the signed text, as it stands on the chain."""

    id: UUID
    case_id: UUID
    text: str
    findings: str
    recommendation: Recommendation | None
    cited: list[Quoted]
    orders: list[AdviceOrder]
    revision: int
    shared: bool
    revised_by: PersonRef | None
    revised_at: datetime
    stands: list[AdviceStand]
    may_revise: bool
    may_countersign: bool
    state: Literal["draft", "signed"]
    author: PersonRef | None
    facility: FacilityRef | None
    addendum_to: UUID | None
    created_at: datetime
    signed_at: datetime | None
    digest: str | None
    may_sign: bool
    may_report: bool
