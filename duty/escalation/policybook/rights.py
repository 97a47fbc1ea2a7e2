"""Who may write a house's ladders."""

from kernel.errors import NotAllowed
from kernel.ids import FacilityId
from kernel.viewer import Role, Viewer

WRITERS = (Role.COORDINATOR,)


def may_write(viewer: Viewer, facility_id: FacilityId) -> bool:
    """True for those who answer for the house's duty."""
    return viewer.has(*WRITERS) and facility_id in viewer.facility_ids


def must_write(viewer: Viewer, facility_id: FacilityId) -> None:
    """Raises:
    NotAllowed: with the reason.
    """
    if not viewer.has(*WRITERS):
        raise NotAllowed(reason="roster_role_needed")
    if facility_id not in viewer.facility_ids:
        raise NotAllowed(reason="not_your_facility")
