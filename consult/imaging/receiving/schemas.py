"""What the routes of machines and arrivals take and give."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from consult.imaging.commands import Reason
from consult.imaging.comparing import Header, Likeness
from registry.facilities.schemas import FacilityRef

Title = Annotated[str, msgspec.Meta(pattern=r"^[!-\[\]-~]([ -\[\]-~]{0,14}[!-\[\]-~])?$")]
"""An AE title (PS3.5 §6.2): up to 16 letters without a backslash, no blanks at its ends."""

Network = Annotated[str, msgspec.Meta(min_length=2, max_length=50)]
_ITEMS = {"items": {"type": "string", "minLength": 2, "maxLength": 50}}
"""What the API's description says of each `Network`: it does not look into lists by itself."""


class NewMachine(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A machine that may send; `networks`: addresses or CIDR blocks that it calls from.

    `facility_id` only from the platform's side; a coordinator's machines are of their house.
    """

    ae_title: Title
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    networks: Annotated[
        list[Network],
        msgspec.Meta(min_length=1, max_length=16, extra_json_schema={"extra": _ITEMS}),
    ]
    facility_id: UUID | None = None


class RevokeMachine(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """It may send no more; what it sent stays."""


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """A machine of a house."""

    id: UUID
    ae_title: str
    name: str
    facility: FacilityRef | None
    networks: list[str]
    created_at: datetime
    revoked: bool
    may_revoke: bool


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """An examination that waits at its house. `likeness` is to the woman that was asked about."""

    id: UUID
    machine: str
    facility: FacilityRef | None
    modality: str
    study_at: str
    description: str
    header: Header
    likeness: Likeness | None
    files: int
    size_bytes: int
    at: datetime
    last_at: datetime


class BringArrival(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """It is of the case's woman."""

    deidentify: bool = False


class DiscardArrival(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """It belongs to no case here; it is no longer shown."""

    reason: Reason


class DiscardedArrival(msgspec.Struct, frozen=True):
    """It waits no more."""

    id: UUID
