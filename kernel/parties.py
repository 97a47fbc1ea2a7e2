"""Who is party to a case. Row-level security opens a case to its parties and nobody else."""

from enum import StrEnum

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.ids import CaseId, FacilityId, PersonId, RegionId


class PartyRole(StrEnum):
    """Why this facility or person may see the case."""

    ORIGIN = "origin"
    RECEIVER = "receiver"
    EXPERT = "expert"
    REMOTE_LEAD = "remote_lead"
    COORDINATOR = "coordinator"
    CREW = "crew"


_FACILITY = text(
    "INSERT INTO case_party (case_id, facility_id, region_id, role)"
    " VALUES (:case_id, :facility_id, :region_id, :role)"
    " ON CONFLICT (case_id, facility_id, role) WHERE facility_id IS NOT NULL DO NOTHING"
)
_PERSON = text(
    "INSERT INTO case_party (case_id, person_id, role) VALUES (:case_id, :person_id, :role)"
    " ON CONFLICT (case_id, person_id, role) WHERE person_id IS NOT NULL DO NOTHING"
)
PEOPLE_RUNG = (
    "INSERT INTO case_party (case_id, person_id, role)"
    " SELECT :case_id, rung.person_id, :role FROM rung ORDER BY rung.person_id"
    " ON CONFLICT (case_id, person_id, role) WHERE person_id IS NOT NULL DO NOTHING"
)
"""Part of a statement: opens the case to everybody in its CTE `rung`."""


async def add_facility(
    session: AsyncSession,
    case_id: CaseId,
    facility_id: FacilityId,
    role: PartyRole,
    region_id: RegionId | None = None,
) -> None:
    """Open the case to a facility's clinicians; `region_id` is its region (needed for ORIGIN)."""
    await session.execute(
        _FACILITY,
        {"case_id": case_id, "facility_id": facility_id, "region_id": region_id, "role": str(role)},
    )


async def add_person(
    session: AsyncSession, case_id: CaseId, person_id: PersonId, role: PartyRole
) -> None:
    """Open the case to one person, wherever that person works (an expert who was paged)."""
    await session.execute(_PERSON, {"case_id": case_id, "person_id": person_id, "role": str(role)})
