"""What may become of a proposal: the table behind the buttons."""

from enum import StrEnum

from kernel.states import Edge, StateTable


class GradeState(StrEnum):
    """A proposal waits for a person; the others are final."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    OVERRIDDEN = "overridden"
    WITHDRAWN = "withdrawn"


class GradeAction(StrEnum):
    """`withdraw` is the platform's: what the proposal rested on has changed."""

    CONFIRM = "confirm"
    OVERRIDE = "override"
    WITHDRAW = "withdraw"


class Grader(StrEnum):
    """Who acts."""

    PERSON = "person"
    PLATFORM = "platform"


_PERSON = frozenset({Grader.PERSON})
_PLATFORM = frozenset({Grader.PLATFORM})

GRADE: StateTable[GradeState, GradeAction, Grader] = StateTable(
    "risk_grade",
    GradeState.PROPOSED,
    (GradeState.CONFIRMED, GradeState.OVERRIDDEN, GradeState.WITHDRAWN),
    {
        (GradeState.PROPOSED, GradeAction.CONFIRM): Edge(GradeState.CONFIRMED, _PERSON),
        (GradeState.PROPOSED, GradeAction.OVERRIDE): Edge(GradeState.OVERRIDDEN, _PERSON),
        (GradeState.PROPOSED, GradeAction.WITHDRAW): Edge(GradeState.WITHDRAWN, _PLATFORM),
    },
)
