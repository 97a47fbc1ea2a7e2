"""What the API says about pages."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec


class PagedPerson(msgspec.Struct, frozen=True):
    """Somebody, as colleagues know them."""

    id: UUID
    name: str
    title: str


class PagedFacility(msgspec.Struct, frozen=True):
    """A facility by its short name."""

    id: UUID
    short_name: str


class ReachTimes(msgspec.Struct, frozen=True):
    """When the page got how far with one person."""

    sent_at: datetime | None
    delivered_at: datetime | None
    seen_at: datetime | None
    acknowledged_at: datetime | None
    declined_at: datetime | None


class PageChannelOut(msgspec.Struct, frozen=True):
    """One message over one channel and what became of it."""

    channel: str
    state: str
    at: datetime


class PageTargetOut(msgspec.Struct, frozen=True):
    """Somebody rung at one step."""

    person: PagedPerson
    facility: PagedFacility
    step: int
    tier: str
    specialty: str
    state: str
    states: ReachTimes
    channels: list[PageChannelOut]
    decline_reason: str | None = None
    joined_at: datetime | None = None
    stood_down_at: datetime | None = None


class PageNeedOut(msgspec.Struct, frozen=True):
    """How many of a specialty must come, said yes, and are there."""

    specialty: str
    needed: int
    answered: int
    joined: int


class PageOut(msgspec.Struct, frozen=True):
    """A page, its ladder and everybody it rang.

    `join_by`: who said yes must be there until then, or the ladder goes on. `needs` is empty where
    whoever comes first is enough.
    """

    id: UUID
    case_id: UUID
    facility: PagedFacility
    from_facility_id: UUID | None
    sender: PagedFacility | None
    reason: str
    level: str
    title: str
    drill: bool
    mode: str
    state: str
    step: int
    next_step_at: datetime | None
    join_by: datetime | None
    joined_at: datetime | None
    colour: str | None
    condition: str | None
    created_at: datetime
    acknowledged_by: PagedPerson | None
    end_reason: str | None
    policy: "PagePolicyOut"
    needs: list[PageNeedOut]
    targets: list[PageTargetOut]


class PagePolicyOut(msgspec.Struct, frozen=True):
    """By which rule it climbs, and how sure we are of the rule."""

    id: UUID
    source: str
    confidence: str


class PageReceiptIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a device says about the page."""

    state: Literal["delivered", "seen"]


class PageDeclineIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why somebody cannot come."""

    reason: Literal["in_surgery", "off_site", "other"]
    note: Annotated[str, msgspec.Meta(max_length=500)] | None = msgspec.field(default=None)


class ReachCounts(msgspec.Struct, frozen=True):
    """How many people of a case's pages stand where.

    `spared`: a page ended, or a colleague's yes sufficed, before anything was sent to them or
    answered by them.
    """

    queued: int = 0
    sent: int = 0
    delivered: int = 0
    seen: int = 0
    acknowledged: int = 0
    declined: int = 0
    spared: int = 0
    unreachable: int = 0


class TeamCallIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ring the experts of a house for a case."""

    level: Literal["resuscitation", "critical", "urgent", "stable"]
    facility_id: UUID | None = None
    colour: Annotated[str, msgspec.Meta(pattern=r"^[a-z_]{2,20}$", max_length=20)] | None = None
    condition: (
        Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_.-]{1,64}$", max_length=64)] | None
    ) = None


class TeamCalled(msgspec.Struct, frozen=True):
    """The page that rings."""

    page_id: UUID
