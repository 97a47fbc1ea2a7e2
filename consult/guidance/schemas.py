"""What the API takes and says about guidance sessions."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from consult.requests.schemas import Minutes, Moment, Note, Strict, Words
from registry.facilities.schemas import FacilityRef
from registry.people.schemas import PersonRef

GuidanceStateName = Literal["arranged", "underway", "ended", "confirmed", "disputed", "cancelled"]
EndName = Literal["centre", "institution"]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
NotCounted = Literal["too_short", "outside_area", "county_centre", "drill", "disputed"]
"""Why a session is not counted by indicator 15."""


class ArrangeGuidance(Strict, frozen=True, kw_only=True):
    """Arrange a session with another house; the viewer's own house is the other end of it.

    `guiding` if the viewer's house is the one that guides. Without `planned_at` it is for now.
    `of_case_id` is a transfer, case file, CTG reading or consultation that both houses see.
    """

    facility_id: UUID
    guiding: bool
    kind: Code
    topic: Note
    of_case_id: UUID | None = None
    planned_at: Moment | None = None
    minutes: Minutes = 30


class MoveGuidance(Strict, frozen=True, kw_only=True):
    """A step; `version` as last seen."""

    version: int


class SayWhy(Strict, frozen=True, kw_only=True):
    """A step with its reason."""

    version: int
    note: Note


class RecordGuidance(Strict, frozen=True, kw_only=True):
    """What was guided, in the centre's words."""

    version: int
    text: Words


class GuidanceKind(msgspec.Struct, frozen=True):
    """A kind of guidance, in two languages."""

    code: str
    zh: str
    en: str


class GuidanceRules(msgspec.Struct, frozen=True):
    """Kinds, and from how many seconds together a session counts; with source and confidence."""

    version: str
    source: str
    confidence: str
    together_s: int
    kinds: list[GuidanceKind]


class StayOut(msgspec.Struct, frozen=True):
    """Somebody who was there; `here` while heartbeats come."""

    person: PersonRef | None
    facility: FacilityRef | None
    end: EndName
    since: datetime
    until: datetime
    here: bool


class RecordOut(msgspec.Struct, frozen=True):
    """What the centre wrote; the newest is the last."""

    n: int
    person: PersonRef | None
    at: datetime
    text: str


class GuidanceOut(msgspec.Struct, frozen=True):
    """A session in a list. Regions, tier and area are the registry's when it began."""

    id: UUID
    kind: str
    topic: str
    state: GuidanceStateName
    centre: FacilityRef | None
    institution: FacilityRef | None
    arranged_by: PersonRef | None
    arranged_at: datetime
    planned_at: datetime | None
    minutes: int
    begun_at: datetime | None
    ended_at: datetime | None
    of_case_id: UUID | None
    in_area: bool | None
    """The institution lay in the centre's responsible area."""
    together_s: int | None
    """When it ended."""
    counted: bool | None
    """By indicator 15; null until it ended."""
    not_counted: list[NotCounted]
    version: int
    mine: EndName | None
    allowed: list[str]


class GuidanceDetail(msgspec.Struct, frozen=True):
    """A session with everything that belongs to it."""

    session: GuidanceOut
    together_s: int
    """Until now, or in all."""
    stays: list[StayOut]
    records: list[RecordOut]
    note: str | None
    """Why it was called off or disputed."""
    consult_id: UUID | None
    """The consultation whose room belongs to it."""


class GuidanceRef(msgspec.Struct, frozen=True):
    """What an idempotency key remembers."""

    guidance_id: UUID
