"""What the API says about contact points, wishes and answer links."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from duty.notify.contacts.addresses import PersonalChannel

Label = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
TimeOfDay = Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", max_length=5)]
Token = Annotated[str, msgspec.Meta(min_length=10, max_length=60)]


class PointIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A number or an address of the viewer, or of somebody of their desk's house."""

    channel: PersonalChannel
    address: Annotated[str, msgspec.Meta(min_length=1, max_length=1500)]
    label: Label
    person_id: UUID | None = None


class CodeIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The code that arrived."""

    code: Annotated[str, msgspec.Meta(min_length=4, max_length=12)]


class OrderIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All points of one channel in the order in which they ring."""

    ids: Annotated[list[UUID], msgspec.Meta(min_length=1, max_length=20)]
    person_id: UUID | None = None


class WishIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the viewer wishes to be reached by a channel; null delay: as the platform proposes.

    Quiet hours are local times of day and hold for what can wait.
    """

    channel: PersonalChannel
    delay_s: Annotated[int, msgspec.Meta(ge=0, le=3600)] | None = None
    off: bool = False
    quiet_from: TimeOfDay | None = None
    quiet_to: TimeOfDay | None = None


class Pending(msgspec.Struct, frozen=True):
    """The last code or test: how far it got, and whether it still waits for an answer."""

    purpose: str
    state: str
    sent_at: datetime
    open: bool


class PointOut(msgspec.Struct, frozen=True):
    """A point; `hint` tells one's own apart, the address itself is never shown again."""

    id: UUID
    channel: str
    label: str
    hint: str
    rank: int
    landline: bool
    standing: Literal["ok", "unverified", "stale"]
    created_at: datetime
    verified_at: datetime | None
    last_test_at: datetime | None
    last_ok_at: datetime | None
    last: Pending | None


class WishOut(msgspec.Struct, frozen=True):
    """A channel's wish; `emergency_s` and `routine_s` hold where no delay is wished, and a channel
    of the floor rings at once in an emergency whatever is wished."""

    channel: str
    delay_s: int | None
    off: bool
    quiet_from: str | None
    quiet_to: str | None
    emergency_s: int
    routine_s: int
    floor: bool


class Floor(msgspec.Struct, frozen=True):
    """What nobody can opt out of."""

    channels: list[str]
    redial_every_s: int
    redial_times: int
    source: str
    confidence: str
    version: str


class RingOut(msgspec.Struct, frozen=True):
    """One ring, seconds after the page."""

    channel: str
    point_id: UUID | None
    after_s: int
    ring: int


class Rings(msgspec.Struct, frozen=True):
    """What would ring if such a page came now."""

    kind: str
    rings: list[RingOut]


class Contacts(msgspec.Struct, frozen=True):
    """How somebody is found; `channels` are those that this installation has."""

    person_id: UUID
    name: str
    points: list[PointOut]
    wishes: list[WishOut]
    floor: Floor
    rings: list[Rings]
    no_voice: bool
    channels: list[str]
    push_key: str


class PersonStanding(msgspec.Struct, frozen=True):
    """Somebody on the roster who may not be reached: bad points, or no telephone that works."""

    person_id: UUID
    name: str
    title: str
    points: list[PointOut]
    no_voice: bool


class LinkIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The secret part of an answer link."""

    token: Token


class AnswerLink(msgspec.Struct, frozen=True):
    """What an answer link is about: level and number of a page, or a test; no patient.

    `state`: `open` may be answered, `mine` was answered by this person, `over` by somebody else or
    ended.
    """

    purpose: Literal["page", "test"]
    level: str
    title: str
    sent_at: datetime
    state: Literal["open", "mine", "over"]
