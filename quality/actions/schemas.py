"""What the API takes and says about actions."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from quality.returns.schemas import Strict
from quality.schemas import PersonOut, PlaceOut

What = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
Evidence = Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]


class SetAction(Strict, frozen=True, kw_only=True):
    """Somebody of the house is to do something by a day."""

    what: What
    owner_id: UUID
    due_on: date


class ActionDone(Strict, frozen=True, kw_only=True):
    """It is done, and by what one sees that; `version` as last seen."""

    version: int
    evidence: Evidence


class ActionChecked(Strict, frozen=True, kw_only=True):
    """Somebody else has seen that it is done."""

    version: int


class ActionNote(Strict, frozen=True, kw_only=True):
    """A step with its reason."""

    version: int
    note: What


class QualityAction(msgspec.Struct, frozen=True, kw_only=True):
    """An action, the record it hangs on, and how it stands."""

    id: UUID
    record_id: UUID
    record: Literal["return", "exercise"]
    title: str
    facility: PlaceOut | None
    what: str
    owner: PersonOut | None
    due_on: date
    late: bool
    state: Literal["open", "done", "verified", "dropped"]
    set_by: PersonOut | None
    set_at: datetime
    evidence: str | None
    done_by: PersonOut | None
    done_at: datetime | None
    checked_by: PersonOut | None
    checked_at: datetime | None
    note: str | None
    version: int
    allowed: list[str]


class RecordActions(msgspec.Struct, frozen=True, kw_only=True):
    """Actions of one record; `colleagues` are who may be asked, where the viewer may set any."""

    actions: list[QualityAction]
    may_set: bool
    colleagues: list[PersonOut]


class ActionRef(msgspec.Struct, frozen=True):
    """What an idempotency key remembers."""

    record_id: UUID
