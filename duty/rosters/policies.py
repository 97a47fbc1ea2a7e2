"""Who may change a roster."""

from kernel.errors import NotAllowed
from kernel.ids import FacilityId
from kernel.viewer import Role, Viewer


def may_edit(viewer: Viewer, facility_id: FacilityId) -> None:
    """Coordinators and duty desks edit the rosters of their own facility; processes seed them.

    Raises:
        NotAllowed: with the reason.
    """
    if viewer.is_process:
        return
    if not viewer.has(Role.COORDINATOR, Role.DUTY_DESK):
        raise NotAllowed(reason="roster_role_needed")
    if facility_id not in viewer.facility_ids:
        raise NotAllowed(reason="not_your_facility")
