"""A course and a class of it, as tables."""

from enum import StrEnum
from typing import Final

from kernel.states import Edge, StateTable


class By(StrEnum):
    """Who moves it: those who teach, or time."""

    TEACHER = "teacher"
    TIME = "time"


class CourseState(StrEnum):
    """Seen by its own house only; by everybody; by everybody, and over."""

    DRAFT = "draft"
    PUBLISHED = "published"
    CLOSED = "closed"


class CourseAction(StrEnum):
    """What is done with a course."""

    EDIT = "edit"
    PUBLISH = "publish"
    CLOSE = "close"


class ClassState(StrEnum):
    """Planned; running; over; called off."""

    PLANNED = "planned"
    LIVE = "live"
    OVER = "over"
    CANCELLED = "cancelled"


class ClassAction(StrEnum):
    """What is done with a class."""

    OPEN = "open"
    END = "end"
    CANCEL = "cancel"


_TEACHER = frozenset({By.TEACHER})
_C, _A = CourseState, CourseAction

COURSE: Final[StateTable[CourseState, CourseAction, By]] = StateTable(
    "course",
    _C.DRAFT,
    [_C.CLOSED],
    {
        (_C.DRAFT, _A.EDIT): Edge(_C.DRAFT, _TEACHER),
        (_C.DRAFT, _A.PUBLISH): Edge(_C.PUBLISHED, _TEACHER),
        (_C.PUBLISHED, _A.EDIT): Edge(_C.PUBLISHED, _TEACHER),
        (_C.PUBLISHED, _A.CLOSE): Edge(_C.CLOSED, _TEACHER),
    },
)

_K, _D = ClassState, ClassAction

CLASS: Final[StateTable[ClassState, ClassAction, By]] = StateTable(
    "class",
    _K.PLANNED,
    [_K.OVER, _K.CANCELLED],
    {
        (_K.PLANNED, _D.OPEN): Edge(_K.LIVE, _TEACHER),
        (_K.PLANNED, _D.CANCEL): Edge(_K.CANCELLED, _TEACHER),
        (_K.LIVE, _D.END): Edge(_K.OVER, _TEACHER | {By.TIME}),
    },
)
