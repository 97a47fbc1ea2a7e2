"""Where somebody could go, as a list that explains itself."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from registry.facilities.schemas import Contact, FacilityRef


class ChoiceReason(msgspec.Struct, kw_only=True, frozen=True):
    """One reason for or against, as a code; which values it has depends on the code.

    `km` and `minutes` are estimates. `free` is given only where the count is current. `said` and
    `until` are the words and the end of a declared diversion.
    """

    code: str
    favourable: bool
    kind: str | None = None
    needed: int | None = None
    free: int | None = None
    held: int | None = None
    age_minutes: int | None = None
    km: int | None = None
    minutes: int | None = None
    n: int | None = None
    tier: str | None = None
    said: str | None = None
    until: datetime | None = None
    capabilities: list[str] = msgspec.field(default_factory=list)


class Choice(msgspec.Struct, kw_only=True, frozen=True):
    """One house in its place on the list; `asked_first`: the rules would ask it by themselves."""

    rank: int
    suitable: bool
    designated: bool
    asked_first: bool
    facility: FacilityRef
    region_name: str
    contacts: list[Contact]
    minutes: int | None
    reasons: list[ChoiceReason]


class Choices(msgspec.Struct, kw_only=True, frozen=True):
    """All houses, the fittest first; `status` says whether anybody has confirmed the rules."""

    part: Literal["mother", "newborn"]
    cots: int
    parallel: bool
    version: str
    source: str
    confidence: str
    status: str
    candidates: list[Choice]
    server_time: datetime
    case_id: UUID | None = None
