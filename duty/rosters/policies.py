"""Who may change a roster, and who may approve one."""

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
    _at_home(viewer, facility_id)


def may_approve(viewer: Viewer, facility_id: FacilityId) -> None:
    """医务科 approves where it works, and neither drafts nor swaps; processes seed.

    Raises:
        NotAllowed: with the reason.
    """
    if viewer.is_process:
        return
    if not viewer.has(Role.MEDICAL_AFFAIRS):
        raise NotAllowed(reason="approver_role_needed")
    _at_home(viewer, facility_id)


def may_publish(viewer: Viewer, facility_id: FacilityId) -> None:
    """Whoever rosters or approves there publishes what was approved, or sends it back.

    Raises:
        NotAllowed: with the reason.
    """
    if viewer.is_process:
        return
    if not viewer.has(Role.COORDINATOR, Role.DUTY_DESK, Role.MEDICAL_AFFAIRS):
        raise NotAllowed(reason="roster_role_needed")
    _at_home(viewer, facility_id)


def keeps(viewer: Viewer, facility_id: FacilityId) -> bool:
    """True if the viewer edits or approves rosters there: who may see drafts and leave."""
    office = viewer.has(Role.COORDINATOR, Role.DUTY_DESK, Role.MEDICAL_AFFAIRS)
    return viewer.is_process or (office and _works_at(viewer, facility_id))


def _at_home(viewer: Viewer, facility_id: FacilityId) -> None:
    if not _works_at(viewer, facility_id):
        raise NotAllowed(reason="not_your_facility")


def _works_at(viewer: Viewer, facility_id: FacilityId) -> bool:
    """A coordinator may be one for a region, an approver treats nobody: home counts for both."""
    return facility_id == viewer.facility_id or facility_id in viewer.facility_ids
