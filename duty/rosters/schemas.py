"""What the API says about rosters."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

DeviceName = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]


class DutyGroup(msgspec.Struct, frozen=True):
    """An expert group of a facility."""

    id: UUID
    code: str
    name: str


class DutyPerson(msgspec.Struct, frozen=True):
    """Who is on call; the number is masked, the duty desk's own phones are on the phone list."""

    id: UUID
    name: str
    title: str
    phone_masked: str | None


class DutyReach(msgspec.Struct, frozen=True):
    """Whether a device of theirs is there now."""

    online: bool
    signed_on: bool
    last_seen_at: datetime | None


class DutySlot(msgspec.Struct, frozen=True):
    """One place of today's roster; `person` null is a GAP."""

    slot_id: UUID
    specialty: str
    tier: str
    required: bool
    person: DutyPerson | None
    shift_id: UUID | None
    until: datetime | None
    reach: DutyReach | None


class DutyToday(msgspec.Struct, frozen=True):
    """A group and its places right now."""

    group: DutyGroup
    slots: list[DutySlot]


class OnDuty(msgspec.Struct, frozen=True):
    """A place that the viewer fills until a moment."""

    group: str
    tier: str
    until: datetime


class PhoneEntry(msgspec.Struct, frozen=True):
    """One line of the printed phone list: a desk (`person` null) or somebody on call.

    After `until` somebody else is on call: a copy that is older no longer shows this person.
    """

    label: str
    phone: str
    tier: str | None
    specialty: str | None
    person: str | None
    title: str | None
    until: datetime | None = None


class PhoneList(msgspec.Struct, frozen=True):
    """What hangs beside the telephone when everything else fails."""

    facility_id: UUID
    facility: str
    at: datetime
    entries: list[PhoneEntry]


class DeviceIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which device signs on or off."""

    device_id: DeviceName
