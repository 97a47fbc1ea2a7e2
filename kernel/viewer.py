"""Who is asking. Every read and write is made as somebody."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from kernel.ids import AccountId, FacilityId, PersonId, RegionId, SessionId

NOBODY = UUID(int=0)


class Role(StrEnum):
    """What an account may be, at a facility or for a region."""

    REFERRING_CLINICIAN = "referring_clinician"
    EXPERT = "expert"
    COORDINATOR = "coordinator"
    DUTY_DESK = "duty_desk"
    COMMISSION = "commission"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDITOR = "auditor"
    DEVICE = "device"
    CREW = "crew"
    SPECIAL_POPULATION = "special_population"
    MEDICAL_AFFAIRS = "medical_affairs"


CLINICAL_ROLES = frozenset(
    {Role.REFERRING_CLINICIAN, Role.EXPERT, Role.COORDINATOR, Role.DUTY_DESK}
)
"""Roles whose facility opens the cases that facility is party to."""

REGIONAL_ROLES = frozenset({Role.COORDINATOR, Role.COMMISSION})
"""Roles whose region opens the cases that began in it (the commission sees no identity)."""

HELD_FOR_REGIONS = REGIONAL_ROLES | {Role.SPECIAL_POPULATION}
"""Roles that may be granted for a region; the last one opens no case, only its own lists."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person in a session, or a process of the platform.

    `facility_ids` holds only facilities where the viewer has a clinical role; `region_ids` only
    roots of regional roles. Row-level security is built from exactly these.
    """

    account_id: AccountId
    person_id: PersonId
    session_id: SessionId | None
    facility_id: FacilityId
    facility_ids: frozenset[FacilityId]
    region_ids: frozenset[RegionId]
    roles: frozenset[Role]
    demo: bool = False
    process: str | None = field(default=None)

    def has(self, *roles: Role) -> bool:
        """True if the viewer holds any of `roles`."""
        return not self.roles.isdisjoint(roles)

    @property
    def is_process(self) -> bool:
        return self.process is not None

    @classmethod
    def system(cls, process: str) -> "Viewer":
        """A process of the platform; it acts, but is nobody and sees nothing through RLS."""
        return cls(
            account_id=AccountId(NOBODY),
            person_id=PersonId(NOBODY),
            session_id=None,
            facility_id=FacilityId(NOBODY),
            facility_ids=frozenset(),
            region_ids=frozenset(),
            roles=frozenset(),
            process=process,
        )
