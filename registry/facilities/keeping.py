"""Who sees and who keeps the machines of a house: fetal monitors, ultrasound, gateways."""

from uuid import UUID

from sqlalchemy import ColumnElement, true
from sqlalchemy.orm import InstrumentedAttribute

from kernel.viewer import Role, Viewer


def keeps(viewer: Viewer, facility_id: UUID) -> bool:
    """Whether the viewer keeps the machines of this house."""
    if viewer.has(Role.SYSTEM_ADMIN):
        return True
    return viewer.has(Role.COORDINATOR) and facility_id in viewer.facility_ids


def in_sight(viewer: Viewer, facility_id: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """Rows of the viewer's own houses; of all for a process and the platform's administrator."""
    if viewer.is_process or viewer.has(Role.SYSTEM_ADMIN):
        return true()
    return facility_id.in_(viewer.facility_ids)
