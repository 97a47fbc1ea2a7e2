"""Who may do what with a reading."""

from kernel.viewer import Viewer
from registry.observations.models import ObservationRow


def may_void(viewer: Viewer, row: ObservationRow) -> bool:
    """Who recorded a reading may take it back, and so may that unit."""
    return row.person_id == viewer.person_id or row.facility_id in viewer.facility_ids
