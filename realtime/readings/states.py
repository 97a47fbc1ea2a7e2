"""The life of a reading, as a table."""

from enum import StrEnum
from typing import Final

from kernel.states import Edge, StateTable


class ReadingParty(StrEnum):
    """Who moves a reading."""

    ASKER = "asker"
    READER = "reader"
    TIME = "time"


class ReadingState(StrEnum):
    """Asked of a centre; claimed by one of its experts; signed; received at the bedside."""

    ASKED = "asked"
    CLAIMED = "claimed"
    SIGNED = "signed"
    RECEIVED = "received"
    WITHDRAWN = "withdrawn"


class ReadingAction(StrEnum):
    """What happens to a reading."""

    CLAIM = "claim"
    TAKE_OVER = "take_over"
    RELEASE = "release"
    SIGN = "sign"
    ADD = "add"
    RECEIVE = "receive"
    WITHDRAW = "withdraw"
    ESCALATE = "escalate"
    REMIND = "remind"
    FOLLOW_UP = "follow_up"


_ASKER = frozenset({ReadingParty.ASKER})
_READER = frozenset({ReadingParty.READER})
_TIME = frozenset({ReadingParty.TIME})
_S, _A = ReadingState, ReadingAction

READING: Final[StateTable[ReadingState, ReadingAction, ReadingParty]] = StateTable(
    "ctg_reading",
    _S.ASKED,
    [_S.WITHDRAWN],
    {
        (_S.ASKED, _A.CLAIM): Edge(_S.CLAIMED, _READER),
        (_S.ASKED, _A.WITHDRAW): Edge(_S.WITHDRAWN, _ASKER),
        (_S.ASKED, _A.ESCALATE): Edge(_S.ASKED, _TIME),
        (_S.CLAIMED, _A.SIGN): Edge(_S.SIGNED, _READER),
        (_S.CLAIMED, _A.RELEASE): Edge(_S.ASKED, _READER),
        (_S.CLAIMED, _A.TAKE_OVER): Edge(_S.CLAIMED, _READER),
        (_S.CLAIMED, _A.WITHDRAW): Edge(_S.WITHDRAWN, _ASKER),
        (_S.CLAIMED, _A.ESCALATE): Edge(_S.CLAIMED, _TIME),
        (_S.SIGNED, _A.RECEIVE): Edge(_S.RECEIVED, _ASKER),
        (_S.SIGNED, _A.ADD): Edge(_S.SIGNED, _READER),
        (_S.SIGNED, _A.ESCALATE): Edge(_S.SIGNED, _TIME),
        # What is added must be received again.
        (_S.RECEIVED, _A.ADD): Edge(_S.SIGNED, _READER),
        # Where a time to look again was signed: it comes, and somebody has looked.
        (_S.RECEIVED, _A.REMIND): Edge(_S.RECEIVED, _TIME),
        (_S.RECEIVED, _A.FOLLOW_UP): Edge(_S.RECEIVED, _ASKER),
    },
)
