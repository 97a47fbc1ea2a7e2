"""What is told to the API and what it says about resources."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from registry.facilities.schemas import FacilityRef
from registry.people.schemas import PersonRef
from registry.resources.rules import DiversionScope, Standing

Count = Annotated[int, msgspec.Meta(ge=0, le=99999)]
Line = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
When = Annotated[datetime, msgspec.Meta(tz=True)]
Cause = Literal["counted", "confirmed", "issued", "received"]
VehicleKind = Literal["ambulance", "neonatal_ambulance", "helicopter"]
VehicleStatus = Literal["standby", "dispatched", "returning", "out_of_service"]
Profession = Literal["driver", "physician", "nurse", "midwife", "obstetrician", "neonatologist"]
Equipment = Literal["incubator", "ventilator", "monitor", "defibrillator", "blood_box"]


class Input(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Base of everything received: unknown fields are refused, not ignored."""


class CountEntry(Input, kw_only=True):
    """How many are free now; `total` stays as it was when it is left out."""

    kind: Annotated[str, msgspec.Meta(min_length=2, max_length=40)]
    subkey: Annotated[str, msgspec.Meta(max_length=20)] = ""
    free: Count
    total: Count | None = None
    note: Line | None = None


class CountReport(Input, kw_only=True):
    """A house counts."""

    facility_id: UUID
    entries: Annotated[list[CountEntry], msgspec.Meta(min_length=1, max_length=60)]


class ConfirmCounts(Input, kw_only=True):
    """仍然正确: these counts still hold; named by report, so nobody confirms the unseen."""

    facility_id: UUID
    report_ids: Annotated[list[UUID], msgspec.Meta(min_length=1, max_length=60)]


class ResourceValue(msgspec.Struct, kw_only=True, frozen=True):
    """One value with who and when.

    `free` and `total` are empty unless the count is current; what was said last stands in `last_*`
    for whoever counts again, and is never a number to plan with.
    """

    kind: str
    subkey: str
    standing: Standing
    free: int | None
    total: int | None
    report_id: UUID | None
    last_free: int | None
    last_total: int | None
    reported_at: datetime | None
    by: PersonRef | None
    cause: Cause | None
    source: Literal["human", "feed"] | None
    note: str | None


class CountHistory(msgspec.Struct, kw_only=True, frozen=True):
    """A count as it was given."""

    free: int
    total: int | None
    reported_at: datetime
    by: PersonRef | None
    cause: Cause
    source: Literal["human", "feed"]
    note: str | None


class DeclareDiversion(Input, kw_only=True):
    """A house says that it is closed to some for a while, and why."""

    facility_id: UUID
    scope: DiversionScope
    condition: Annotated[str, msgspec.Meta(min_length=1, max_length=60)] | None = None
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=400)]
    until: When


class EndDiversion(Input, kw_only=True):
    """Open again, before the declared end."""


class DeclaredDiversion(msgspec.Struct, kw_only=True, frozen=True):
    """A declared diversion."""

    id: UUID
    facility: FacilityRef
    scope: DiversionScope
    condition: str | None
    reason: str
    declared_at: datetime
    declared_by: PersonRef | None
    until: datetime
    ended_at: datetime | None
    ended_by: PersonRef | None
    live: bool


class NewVehicle(Input, kw_only=True):
    """A vehicle joins a station or hospital."""

    facility_id: UUID
    call_sign: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    kind: VehicleKind = "ambulance"
    equipment: Annotated[list[Equipment], msgspec.Meta(max_length=5)] = msgspec.field(
        default_factory=list
    )


class VehicleReport(Input, kw_only=True):
    """Where a vehicle stands and who is aboard (professions, no names)."""

    status: VehicleStatus
    crew: Annotated[list[Profession], msgspec.Meta(max_length=8)] = msgspec.field(
        default_factory=list
    )
    note: Line | None = None


class Vehicle(msgspec.Struct, kw_only=True, frozen=True):
    """A vehicle with its newest status; `status` is empty when nobody said so lately."""

    id: UUID
    facility: FacilityRef
    call_sign: str
    kind: VehicleKind
    equipment: list[Equipment]
    standing: Standing
    status: VehicleStatus | None
    crew: list[Profession]
    note: str | None
    reported_at: datetime | None
    by: PersonRef | None


class SetCapability(Input, kw_only=True):
    """A house can do this from today on, or cannot any more."""

    facility_id: UUID
    code: Annotated[str, msgspec.Meta(min_length=2, max_length=40)]
    has: bool


class House(msgspec.Struct, kw_only=True, frozen=True):
    """A facility with everything it has."""

    facility: FacilityRef
    region_name: str
    roles: list[str]
    mine: bool
    capabilities: list[str]
    diversions: list[DeclaredDiversion]
    values: list[ResourceValue]


class Houses(msgspec.Struct, kw_only=True, frozen=True):
    """The board: houses in the order of their regions."""

    houses: list[House]
    server_time: datetime


class ResourceKind(msgspec.Struct, kw_only=True, frozen=True):
    """An entry of the catalogue."""

    code: str
    zh: str
    en: str
    group: Literal["beds", "machines", "theatre", "transport", "blood"]
    unit: str
    hold: str | None
    subkeys: list[str]
    stale_minutes: int


class CapabilityOut(msgspec.Struct, kw_only=True, frozen=True):
    """Something a house may be able to do."""

    code: str
    zh: str
    en: str


class ResourceCatalogue(msgspec.Struct, kw_only=True, frozen=True):
    """What is counted; `status` says whether anybody has confirmed the limits."""

    version: str
    source: str
    confidence: str
    status: str
    diversion_max_hours: int
    kinds: list[ResourceKind]
    capabilities: list[CapabilityOut]


class Counted(msgspec.Struct, kw_only=True, frozen=True):
    """What counting answers: the reports that stand now."""

    facility_id: UUID
    report_ids: list[UUID]


class CapabilitySet(msgspec.Struct, kw_only=True, frozen=True):
    """What a house can do since; `changed` is false where it said so before."""

    facility_id: UUID
    changed: bool
