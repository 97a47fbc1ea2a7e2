"""What can be asked: one struct per command, used by routes and service alike."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec

WhyNot = Literal[
    "not_available", "contraindicated", "condition_changed", "refused", "done_before", "other"
]
"""Why an order was not executed; "other" needs words."""

Recommendation = Literal["in_place", "transfer", "dispatch"]
"""就地救治 / 转诊 / 派专家组."""

Stand = Literal["agrees", "dissents"]
"""联署 / 保留不同意见."""

Seq = Annotated[int, msgspec.Meta(ge=1, le=2**32 - 1)]
CiteNote = Annotated[str, msgspec.Meta(max_length=200)]
OrderText = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class Strict(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Unknown fields are refused, not ignored."""


class NewOrder(Strict, kw_only=True):
    """One thing to do."""

    text: OrderText


class CiteObservation(Strict, kw_only=True, tag_field="kind", tag="observation"):
    """A reading of hers."""

    observation_id: UUID
    note: CiteNote = ""


class CiteTracing(Strict, kw_only=True, tag_field="kind", tag="tracing"):
    """Seconds of a tracing of hers, both ends included."""

    recording_id: UUID
    from_seq: Seq
    to_seq: Seq
    note: CiteNote = ""


class CiteScan(Strict, kw_only=True, tag_field="kind", tag="scan"):
    """One frame of a file of hers; 1 is the first."""

    instance_id: UUID
    frame: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    note: CiteNote = ""


class CiteStill(Strict, kw_only=True, tag_field="kind", tag="still"):
    """A still of a room that was about her, with the marks that stand on it now."""

    still_id: UUID
    note: CiteNote = ""


Cite = CiteObservation | CiteTracing | CiteScan | CiteStill


class AdviceContent(Strict, kw_only=True):
    """What an opinion says: findings, opinion, recommendation, orders, and what it rests on.

    The order of a 会诊单 (domain §4.3, confidence B): `text` is the opinion itself.
    """

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=8000)]
    findings: Annotated[str, msgspec.Meta(max_length=8000)] = ""
    recommendation: Recommendation | None = None
    orders: Annotated[list[NewOrder], msgspec.Meta(max_length=30)] = msgspec.field(
        default_factory=list
    )
    cited: Annotated[list[Cite], msgspec.Meta(max_length=40)] = msgspec.field(default_factory=list)


class NewAdvice(AdviceContent, kw_only=True):
    """A draft; `addendum_to` names signed advice that it adds to.

    `shared`: other experts of the case see the draft and write on it.
    """

    addendum_to: UUID | None = None
    shared: bool = False


class ReviseAdvice(AdviceContent, kw_only=True):
    """The draft anew; `revision` as last seen."""

    revision: int
    shared: bool = False


class Countersign(Strict, kw_only=True):
    """Agreement with signed advice, or dissent, which says why; and the password once more."""

    stand: Stand
    words: Annotated[str, msgspec.Meta(max_length=4000)] = ""
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class SignAdvice(Strict, kw_only=True):
    """The revision that the author read, and the password once more."""

    revision: Annotated[int, msgspec.Meta(ge=1)]
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class ReportOrder(Strict, kw_only=True):
    """What became of an order at the bedside; not executed needs its coded reason."""

    state: Literal["read_back", "executed", "not_executed"]
    code: WhyNot | None = None
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)] | None = None
