"""What the API says about who can be reached."""

from datetime import datetime
from uuid import UUID

import msgspec


class ReachPlace(msgspec.Struct, frozen=True):
    """A place of a roster from one moment to another; `person` null is a GAP.

    `channels` work, by proof or by a success not long ago; `last_ok_at` is the newest success.
    """

    facility_id: UUID
    facility: str
    group: str
    slot_id: UUID
    specialty: str
    tier: str
    required: bool
    person_id: UUID | None
    person: str | None
    title: str | None
    start: datetime
    end: datetime
    now: bool
    signed_on: bool
    online: bool
    devices: int
    channels: list[str]
    stale: list[str]
    last_ok_at: datetime | None
    marks: list[str]


class ReachBoard(msgspec.Struct, frozen=True):
    """Everybody on call now and in the next 24 hours, worst first."""

    at: datetime
    until: datetime
    places: list[ReachPlace]
