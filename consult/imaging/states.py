"""A study's states as a table: whose it is was checked, or waits for a person's word."""

from enum import StrEnum
from typing import Final

from kernel.states import Edge, StateTable


class StudyParty(StrEnum):
    """Who moves a study."""

    CARING = "caring"


class StudyState(StrEnum):
    """Waiting for a person to compare names; in her record; taken out of it."""

    HELD = "held"
    FILED = "filed"
    WITHDRAWN = "withdrawn"


class StudyAction(StrEnum):
    """What is done with a study."""

    CONFIRM = "confirm"
    WITHDRAW = "withdraw"


_CARING = frozenset({StudyParty.CARING})

STUDY: Final[StateTable[StudyState, StudyAction, StudyParty]] = StateTable(
    "study",
    StudyState.HELD,
    [StudyState.WITHDRAWN],
    {
        (StudyState.HELD, StudyAction.CONFIRM): Edge(StudyState.FILED, _CARING),
        (StudyState.HELD, StudyAction.WITHDRAW): Edge(StudyState.WITHDRAWN, _CARING),
        (StudyState.FILED, StudyAction.WITHDRAW): Edge(StudyState.WITHDRAWN, _CARING),
    },
)
