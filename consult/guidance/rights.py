"""Which end of a session a viewer stands at."""

from typing import Any

from sqlalchemy import Row

from consult.guidance.errors import EndsOnly, GuidanceMoved, OtherEnd
from consult.guidance.states import GUIDANCE, End, GuidanceAction, GuidanceState
from kernel.viewer import CLINICAL_ROLES, Role, Viewer


def end_of(viewer: Viewer, row: Row[Any]) -> End | None:
    """Experts of the centre guide; whoever treats at the other house is guided; else None."""
    if viewer.has(Role.EXPERT) and row.centre_id in viewer.facility_ids:
        return End.CENTRE
    if viewer.has(*CLINICAL_ROLES) and row.institution_id in viewer.facility_ids:
        return End.INSTITUTION
    return None


def must_be_there(viewer: Viewer, row: Row[Any]) -> End:
    """The viewer's end; raises `EndsOnly`."""
    end = end_of(viewer, row)
    if end is None:
        raise EndsOnly()
    return end


def step(viewer: Viewer, row: Row[Any], version: int, action: GuidanceAction) -> GuidanceState:
    """The state that `action` leads to.

    Raises:
        EndsOnly: the viewer belongs to neither end.
        GuidanceMoved: the table has no such edge, or the viewer looked at an older version.
        OtherEnd: the step is the other end's.
    """
    end, state = must_be_there(viewer, row), GuidanceState(row.state)
    if action not in GUIDANCE.actions(state) or row.version != version:
        raise GuidanceMoved(state=row.state, action=str(action))
    if action not in GUIDANCE.actions(state, end):
        raise OtherEnd(action=str(action))
    return GUIDANCE.edge(state, action).to


def allowed(viewer: Viewer, row: Row[Any]) -> list[str]:
    """What this viewer may do, in the order of the table."""
    end = end_of(viewer, row)
    if end is None:
        return []
    return [str(one) for one in GUIDANCE.actions(GuidanceState(row.state), end)]
