"""What the API says about places."""

from uuid import UUID

import msgspec


class RegionOut(msgspec.Struct, frozen=True):
    """A region of the tree."""

    id: UUID
    code: str
    name: str
    level: str
    parent_id: UUID | None


class Contact(msgspec.Struct, frozen=True):
    """An institution's phone."""

    kind: str
    label: str
    phone: str


class FacilityRef(msgspec.Struct, frozen=True):
    """A facility as it is named on boards."""

    id: UUID
    name: str
    short_name: str
    tier: str


class FacilityOut(msgspec.Struct, frozen=True):
    """A facility with its present roles and phones."""

    id: UUID
    code: str
    name: str
    short_name: str
    tier: str
    region_id: UUID
    region_name: str
    latitude: float | None
    longitude: float | None
    roles: list[str]
    contacts: list[Contact]
