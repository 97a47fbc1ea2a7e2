"""What the API says about people, accounts and logins."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from registry.facilities.schemas import FacilityRef

Login = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
Password = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class LoginIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Who claims to be there."""

    login: Login
    password: Password


class PasswordChange(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The present and the wanted password."""

    old: Password
    new: Password


class PersonRef(msgspec.Struct, frozen=True):
    """A person as others see them: no phone."""

    id: UUID
    name: str
    title: str
    specialty: str
    facility_id: UUID


class PersonOut(msgspec.Struct, frozen=True):
    """A person with the place where they work."""

    id: UUID
    name: str
    title: str
    specialty: str
    facility: FacilityRef


class Me(msgspec.Struct, frozen=True):
    """The logged-in person and everything a page needs to begin."""

    account_id: UUID
    person_id: UUID
    name: str
    title: str
    roles: list[str]
    facility: FacilityRef
    facilities: list[FacilityRef]
    region_ids: list[UUID]
    demo: bool
    must_change_password: bool
    on_duty: list[Any]
    gateway_url: str
    server_time: datetime
    home: str


class Config(msgspec.Struct, frozen=True):
    """What a page must know before anybody is logged in."""

    product: str
    demo: bool
    gateway_url: str
    languages: list[str]


class SessionOut(msgspec.Struct, frozen=True):
    """A login that is still open; `current` is the one asking."""

    id: UUID
    account_id: UUID
    login: str
    name: str
    created_at: datetime
    last_seen_at: datetime
    address: str
    user_agent: str
    current: bool


class GrantOut(msgspec.Struct, frozen=True):
    """A role that an account holds now."""

    role: str
    facility_id: UUID | None
    region_id: UUID | None


class AccountOut(msgspec.Struct, frozen=True):
    """An account as administrators see it."""

    id: UUID
    login: str
    name: str
    title: str
    facility: FacilityRef
    roles: list[GrantOut]
    disabled_at: datetime | None
    open_sessions: int
    demo: bool


class Ended(msgspec.Struct, frozen=True):
    """How many sessions ended."""

    sessions: int


class SecurityEventOut(msgspec.Struct, frozen=True):
    """A line of the security trail."""

    id: int
    at: datetime
    kind: str
    ok: bool
    actor_id: UUID | None
    account_id: UUID | None
    session_id: UUID | None
    address: str
