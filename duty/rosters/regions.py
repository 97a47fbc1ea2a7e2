"""For which regions somebody may decide about duty: a coordinator's own, and those inside them."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import NotAllowed
from kernel.ids import FacilityId, RegionId
from kernel.viewer import Role, Viewer

_HOLDS = text(
    "SELECT 1 FROM region_closure WHERE descendant_id = :region"
    " AND ancestor_id = ANY(CAST(:mine AS uuid[])) LIMIT 1"
)
_AROUND = text(
    """
    SELECT r.id, r.name,
           EXISTS (SELECT 1 FROM region_closure mine WHERE mine.descendant_id = r.id
                      AND mine.ancestor_id = ANY(CAST(:mine AS uuid[]))) AS held
      FROM facility f
      JOIN region_closure up ON up.descendant_id = f.region_id
      JOIN region r ON r.id = up.ancestor_id
     WHERE f.id = :facility_id ORDER BY up.depth
    """
)


@dataclass(frozen=True, slots=True)
class RegionAround:
    """A region that holds a facility; `may_decide`: the viewer decides for it."""

    id: RegionId
    name: str
    may_decide: bool


async def around(
    session: AsyncSession, viewer: Viewer, facility_id: FacilityId
) -> list[RegionAround]:
    """The regions that hold a facility, the nearest first."""
    values = {"facility_id": facility_id, "mine": list(viewer.region_ids)}
    coordinates = viewer.has(Role.COORDINATOR)
    return [
        RegionAround(RegionId(row.id), row.name, coordinates and row.held)
        for row in await session.execute(_AROUND, values)
    ]


async def must_decide(session: AsyncSession, viewer: Viewer, region_id: RegionId) -> None:
    """Let a coordinator decide for their regions and for those inside them.

    Raises:
        NotAllowed: with the reason.
    """
    if not viewer.has(Role.COORDINATOR):
        raise NotAllowed(reason="roster_role_needed")
    values = {"region": region_id, "mine": list(viewer.region_ids)}
    if (await session.execute(_HOLDS, values)).one_or_none() is None:
        raise NotAllowed(reason="not_your_region")
