"""Who may write ladders: a house's, its coordinator and 医务科; a region's, its coordinator."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import NotAllowed
from kernel.ids import FacilityId, RegionId
from kernel.viewer import Role, Viewer

WRITERS = (Role.COORDINATOR, Role.MEDICAL_AFFAIRS)

_HOLDS = text(
    "SELECT 1 FROM region_closure WHERE descendant_id = :region"
    " AND ancestor_id = ANY(CAST(:mine AS uuid[])) LIMIT 1"
)


def may_write(viewer: Viewer, facility_id: FacilityId) -> bool:
    """True for those who answer for the house's duty. A coordinator may be one for a region, and
    医务科 treats nobody: home counts for both."""
    works_there = facility_id == viewer.facility_id or facility_id in viewer.facility_ids
    return viewer.has(*WRITERS) and works_there


def may_write_regions(viewer: Viewer) -> bool:
    """True for who coordinates; for which regions, the closure of theirs says."""
    return viewer.has(Role.COORDINATOR) and bool(viewer.region_ids)


async def must_write_region(session: AsyncSession, viewer: Viewer, region_id: RegionId) -> None:
    """Let a coordinator write for their regions and for those inside them.

    Raises:
        NotAllowed: with the reason.
    """
    if not viewer.has(Role.COORDINATOR):
        raise NotAllowed(reason="roster_role_needed")
    values = {"region": region_id, "mine": list(viewer.region_ids)}
    if (await session.execute(_HOLDS, values)).one_or_none() is None:
        raise NotAllowed(reason="not_your_region")


def must_write(viewer: Viewer, facility_id: FacilityId) -> None:
    """Let those write whom `may_write` names.

    Raises:
        NotAllowed: with the reason.
    """
    if not viewer.has(*WRITERS):
        raise NotAllowed(reason="roster_role_needed")
    if not may_write(viewer, facility_id):
        raise NotAllowed(reason="not_your_facility")
