"""What the API says about policies."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from duty.escalation.schemas import PagedFacility, PagedPerson

Word = Annotated[str, msgspec.Meta(pattern=r"^(\*|[a-z][a-z0-9_.]{1,63})$", max_length=64)]
"""A code, or `*` for any."""

Specialty = Literal[
    "*",
    "obstetrics",
    "neonatology",
    "anaesthesia",
    "icu",
    "transfusion",
    "internal_medicine",
    "cardiology",
    "surgery",
    "radiology",
    "midwifery",
    "general_practice",
    "maternal_health",
    "general_duty",
]
"""Specialties of roster places that a ladder may name; `*` is any."""

Tier = Literal["first", "second", "third", "lead", "general_duty"]
Mode = Literal["first", "quorum", "all"]
Owner = Literal["facility", "region", "platform"]
Place = Literal["own", "upper", "top"]
"""Whose roster rings: the house's, that of the centre above it, of the last one in that line."""
Seconds = Annotated[int, msgspec.Meta(ge=0, le=7200)]


class PolicyStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to ring so many seconds after the step before."""

    delay_s: Seconds
    tiers: Annotated[list[Tier], msgspec.Meta(min_length=1, max_length=5)]
    specialties: Annotated[list[Specialty], msgspec.Meta(min_length=1, max_length=20)]
    at: Place = "own"


class PolicyNeed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many of this specialty must answer."""

    specialty: Annotated[str, msgspec.Meta(pattern=r"^[a-z_]{2,40}$", max_length=40)]
    count: Annotated[int, msgspec.Meta(ge=1, le=9)]


class PolicyOut(msgspec.Struct, frozen=True):
    """A version: for what it is chosen, what it does, who wrote it and how sure we are."""

    id: UUID
    owner: Owner
    owner_id: UUID | None
    owner_name: str | None
    event: str
    condition: str
    colour: str
    level: str
    mode: Mode
    quorum: list[PolicyNeed]
    join_within_s: int
    repeat_s: int
    steps: list[PolicyStep]
    source: str
    confidence: str
    valid_from: datetime
    recorded_by: PagedPerson | None
    supersedes_id: UUID | None
    in_force: bool
    withdraws_id: UUID | None
    reason: str | None


class PolicyRegion(msgspec.Struct, frozen=True):
    """A region for which the viewer may write."""

    id: UUID
    name: str


class PolicyBook(msgspec.Struct, frozen=True):
    """What is in force at a facility, the version that would be chosen first on top.

    `may_write`: for this facility; `regions`: those around it for which the viewer may, the
    nearest first.
    """

    facility: PagedFacility
    may_write: bool
    regions: list[PolicyRegion]
    policies: list[PolicyOut]


class NewPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new version for the viewer's own facility, or for a region of theirs."""

    event: Word
    level: Word
    mode: Mode
    steps: Annotated[list[PolicyStep], msgspec.Meta(min_length=1, max_length=12)]
    repeat_s: Annotated[int, msgspec.Meta(ge=15, le=3600)]
    join_within_s: Annotated[int, msgspec.Meta(ge=0, le=3600)]
    source: Annotated[str, msgspec.Meta(min_length=2, max_length=200)]
    confidence: Literal["本院规定", "待核实"]
    colour: Word = "*"
    condition: Word = "*"
    quorum: Annotated[list[PolicyNeed], msgspec.Meta(max_length=12)] = []
    region_id: UUID | None = None


class Withdrawal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a version is taken back."""

    reason: Annotated[str, msgspec.Meta(min_length=2, max_length=200, pattern=r"\S")]


class PolicyWritten(msgspec.Struct, frozen=True):
    """The row that was added: a version that counts from now on, or a withdrawal."""

    policy_id: UUID


class TrialPerson(msgspec.Struct, frozen=True):
    """Somebody who would ring."""

    person: PagedPerson
    tier: str
    specialty: str


class TrialStep(msgspec.Struct, frozen=True):
    """What happens at one second; `people` empty: the step is passed at once, with an alarm."""

    number: int
    after_s: int
    loop: bool
    at: Place
    facility: PagedFacility | None
    people: list[TrialPerson]
    unfilled: list[str]


class Trial(msgspec.Struct, frozen=True):
    """Which version a page would follow, and whom it would ring when, if nobody answered."""

    policy: PolicyOut
    at: datetime
    steps: list[TrialStep]
