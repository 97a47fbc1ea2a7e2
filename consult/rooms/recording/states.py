"""What one participant says about being recorded, as a table."""

from enum import StrEnum
from typing import Final

from kernel.states import Edge, StateTable


class Speaker(StrEnum):
    """Everybody answers for themselves."""

    SELF = "self"


class Answer(StrEnum):
    """Has said nothing yet; agreed; refused; took the agreement back."""

    UNASKED = "unasked"
    AGREED = "agreed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class AnswerAction(StrEnum):
    """What is said."""

    AGREE = "agree"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


_SELF = frozenset({Speaker.SELF})

ANSWER: Final[StateTable[Answer, AnswerAction, Speaker]] = StateTable(
    "recording_answer",
    Answer.UNASKED,
    [Answer.REFUSED, Answer.WITHDRAWN],
    {
        (Answer.UNASKED, AnswerAction.AGREE): Edge(Answer.AGREED, _SELF),
        (Answer.UNASKED, AnswerAction.REFUSE): Edge(Answer.REFUSED, _SELF),
        (Answer.AGREED, AnswerAction.WITHDRAW): Edge(Answer.WITHDRAWN, _SELF),
    },
)
"""Either of the final ones ends the recording for everybody; it may be asked for anew."""
