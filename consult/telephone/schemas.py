"""What the API takes and says about consultations by telephone."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from consult.requests.schemas import Moment
from registry.facilities.schemas import FacilityRef
from registry.people.schemas import PersonRef

WhyTelephone = Literal["no_network", "no_device", "poor_line", "urgent", "other"]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]


class RecordCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A call as whoever took part in it remembers it.

    `number` is what was dialled, as typed: nothing says that it was this one. `told` is what the
    other side was told, `advised` what they advised, `read_back` whether it was repeated to them.
    """

    called_at: Moment
    minutes: Annotated[int, msgspec.Meta(ge=1, le=600)]
    number: Annotated[str, msgspec.Meta(min_length=3, max_length=40, pattern=r"^[0-9+*#()\- 转]+$")]
    spoke_with: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    why: WhyTelephone
    told: Words
    advised: Words
    read_back: bool
    corrects: Annotated[int, msgspec.Meta(ge=1, le=10_000)] | None = None


class ConsultCall(msgspec.Struct, frozen=True):
    """A recorded call; `late` when it was entered long after it, `corrected_by` its correction."""

    id: UUID
    n: int
    called_at: datetime
    minutes: int
    number: str
    spoke_with: str
    why: WhyTelephone
    told: str
    advised: str
    read_back: bool
    corrects: int | None
    corrected_by: int | None
    person: PersonRef | None
    facility: FacilityRef | None
    recorded_at: datetime
    late: bool
    mine: bool


class ConsultCalls(msgspec.Struct, frozen=True):
    """A consultation's calls in the order of recording, and whether the viewer may add one."""

    calls: list[ConsultCall]
    may_record: bool
    late_min: int
    late_source: str
    late_confidence: str


class CallRef(msgspec.Struct, frozen=True):
    """What an idempotency key remembers."""

    id: UUID
