"""Who may write a house's ladders: its coordinator and 医务科. For a region's see
`duty.rosters.regions`."""

from kernel.errors import NotAllowed
from kernel.ids import FacilityId
from kernel.viewer import Role, Viewer

WRITERS = (Role.COORDINATOR, Role.MEDICAL_AFFAIRS)


def may_write(viewer: Viewer, facility_id: FacilityId) -> bool:
    """True for those who answer for the house's duty. A coordinator may be one for a region, and
    医务科 treats nobody: home counts for both."""
    works_there = facility_id == viewer.facility_id or facility_id in viewer.facility_ids
    return viewer.has(*WRITERS) and works_there


def must_write(viewer: Viewer, facility_id: FacilityId) -> None:
    """Let those write whom `may_write` names.

    Raises:
        NotAllowed: with the reason.
    """
    if not viewer.has(*WRITERS):
        raise NotAllowed(reason="roster_role_needed")
    if not may_write(viewer, facility_id):
        raise NotAllowed(reason="not_your_facility")
