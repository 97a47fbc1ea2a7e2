"""A drill as a table."""

from enum import StrEnum
from typing import Final

from kernel.states import Edge, StateTable


class Side(StrEnum):
    """Whose drill it is."""

    HOUSE = "house"


class ExerciseState(StrEnum):
    """Planned; under way; over; talked through; called off."""

    PLANNED = "planned"
    RUNNING = "running"
    OVER = "over"
    DEBRIEFED = "debriefed"
    CANCELLED = "cancelled"


class ExerciseAction(StrEnum):
    """What happens to a drill."""

    BEGIN = "begin"
    END = "end"
    DEBRIEF = "debrief"
    CANCEL = "cancel"


_HOUSE = frozenset({Side.HOUSE})
_S, _A = ExerciseState, ExerciseAction

EXERCISE: Final[StateTable[ExerciseState, ExerciseAction, Side]] = StateTable(
    "exercise",
    _S.PLANNED,
    [_S.DEBRIEFED, _S.CANCELLED],
    {
        (_S.PLANNED, _A.BEGIN): Edge(_S.RUNNING, _HOUSE),
        (_S.PLANNED, _A.CANCEL): Edge(_S.CANCELLED, _HOUSE),
        (_S.RUNNING, _A.END): Edge(_S.OVER, _HOUSE),
        (_S.OVER, _A.DEBRIEF): Edge(_S.DEBRIEFED, _HOUSE),
    },
)
