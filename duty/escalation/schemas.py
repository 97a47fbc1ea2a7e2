"""What the API says about pages."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec


class PersonOut(msgspec.Struct, frozen=True):
    """Somebody, as colleagues know them."""

    id: UUID
    name: str
    title: str


class FacilityOut(msgspec.Struct, frozen=True):
    """A facility by its short name."""

    id: UUID
    short_name: str


class StatesOut(msgspec.Struct, frozen=True):
    """When the page got how far with one person."""

    sent_at: datetime | None
    delivered_at: datetime | None
    seen_at: datetime | None
    acknowledged_at: datetime | None
    declined_at: datetime | None


class ChannelOut(msgspec.Struct, frozen=True):
    """One message over one channel and what became of it."""

    channel: str
    state: str
    at: datetime


class TargetOut(msgspec.Struct, frozen=True):
    """Somebody rung at one step."""

    person: PersonOut
    facility: FacilityOut
    step: int
    tier: str
    specialty: str
    state: str
    states: StatesOut
    channels: list[ChannelOut]
    decline_reason: str | None = None


class PageOut(msgspec.Struct, frozen=True):
    """A page, its ladder and everybody it rang."""

    id: UUID
    case_id: UUID
    facility: FacilityOut
    reason: str
    level: str
    title: str
    mode: str
    state: str
    step: int
    next_step_at: datetime | None
    created_at: datetime
    acknowledged_by: PersonOut | None
    end_reason: str | None
    policy: "PolicyOut"
    targets: list[TargetOut]


class PolicyOut(msgspec.Struct, frozen=True):
    """By which rule it climbs, and how sure we are of the rule."""

    id: UUID
    source: str
    confidence: str


class ReceiptIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a device says about the page."""

    state: Literal["delivered", "seen"]


class DeclineIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why somebody cannot come."""

    reason: Literal["in_surgery", "off_site", "other"]
    note: str | None = msgspec.field(default=None)


class ReachCounts(msgspec.Struct, frozen=True):
    """How many people of a case's pages stand where."""

    queued: int = 0
    sent: int = 0
    delivered: int = 0
    seen: int = 0
    acknowledged: int = 0
    declined: int = 0
    unreachable: int = 0
