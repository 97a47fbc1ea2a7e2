"""Who keeps a course: those who teach, at the house whose course it is."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from consult.training.errors import CourseMoved, TeachersOnly
from consult.training.states import (
    CLASS,
    COURSE,
    ClassAction,
    ClassState,
    CourseAction,
    CourseState,
)
from kernel.viewer import CLINICAL_ROLES, Role, Viewer

TEACHERS: Final = frozenset({Role.EXPERT, Role.COORDINATOR, Role.COMMISSION, Role.MEDICAL_AFFAIRS})
LEARNERS: Final = CLINICAL_ROLES | TEACHERS
OVERSEERS: Final = frozenset({Role.COORDINATOR, Role.COMMISSION, Role.MEDICAL_AFFAIRS})


def teaches(viewer: Viewer, facility_id: UUID) -> bool:
    """Keeps courses of that house; row-level security says the same (`app_teaches_at`)."""
    at = facility_id == viewer.facility_id or facility_id in viewer.facility_ids
    return at and viewer.has(*TEACHERS)


def must_teach(viewer: Viewer, course: Row[Any]) -> None:
    """Let those who keep the course; raises `TeachersOnly`."""
    if not teaches(viewer, course.facility_id):
        raise TeachersOnly()


def course_step(
    viewer: Viewer, course: Row[Any], version: int, action: CourseAction
) -> CourseState:
    """The state that `action` leads to.

    Raises:
        TeachersOnly: the viewer does not keep the course.
        CourseMoved: no such edge, or an older version was looked at.
    """
    must_teach(viewer, course)
    state = CourseState(course.state)
    if action not in COURSE.actions(state) or course.version != version:
        raise CourseMoved(state=course.state, action=str(action))
    return COURSE.edge(state, action).to


def class_step(
    viewer: Viewer, course: Row[Any], seated: Row[Any], version: int, action: ClassAction
) -> ClassState:
    """The state of the class that `action` leads to; raises as `course_step` does."""
    must_teach(viewer, course)
    state = ClassState(seated.state)
    if action not in CLASS.actions(state) or seated.version != version:
        raise CourseMoved(state=seated.state, action=str(action))
    return CLASS.edge(state, action).to


def course_allowed(viewer: Viewer, course: Row[Any]) -> list[str]:
    """What this viewer may do with the course."""
    if not teaches(viewer, course.facility_id):
        return []
    return [str(one) for one in COURSE.actions(CourseState(course.state))]


def class_allowed(viewer: Viewer, facility_id: UUID, seated: Row[Any]) -> list[str]:
    """What this viewer may do with the class."""
    if not teaches(viewer, facility_id):
        return []
    return [str(one) for one in CLASS.actions(ClassState(seated.state))]
