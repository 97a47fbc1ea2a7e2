"""An action as a table."""

from enum import StrEnum
from typing import Final

from kernel.states import Edge, StateTable


class Side(StrEnum):
    """Whose record it hangs on."""

    HOUSE = "house"


class ActionState(StrEnum):
    """To be done; said to be done, with evidence; checked by somebody else; not wanted any more."""

    OPEN = "open"
    DONE = "done"
    VERIFIED = "verified"
    DROPPED = "dropped"


class ActionStep(StrEnum):
    """What happens to an action."""

    DONE = "done"
    VERIFY = "verify"
    RETURN = "return"
    DROP = "drop"


_HOUSE = frozenset({Side.HOUSE})
_S, _A = ActionState, ActionStep

ACTION: Final[StateTable[ActionState, ActionStep, Side]] = StateTable(
    "action",
    _S.OPEN,
    [_S.VERIFIED, _S.DROPPED],
    {
        (_S.OPEN, _A.DONE): Edge(_S.DONE, _HOUSE),
        (_S.OPEN, _A.DROP): Edge(_S.DROPPED, _HOUSE),
        (_S.DONE, _A.VERIFY): Edge(_S.VERIFIED, _HOUSE),
        (_S.DONE, _A.RETURN): Edge(_S.OPEN, _HOUSE),
    },
)
