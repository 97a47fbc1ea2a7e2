"""An action as a table."""

from enum import StrEnum
from typing import Final

from kernel.states import StateTable
from quality.owed import OwedState, owed


class Side(StrEnum):
    """Whose record it hangs on."""

    HOUSE = "house"


class ActionStep(StrEnum):
    """What happens to an action."""

    DONE = "done"
    VERIFY = "verify"
    RETURN = "return"
    DROP = "drop"


_HOUSE, _A = frozenset({Side.HOUSE}), ActionStep

ACTION: Final[StateTable[OwedState, ActionStep, Side]] = owed(
    "action",
    report=_A.DONE,
    verify=_A.VERIFY,
    send_back=_A.RETURN,
    drop=_A.DROP,
    owes=_HOUSE,
    judges=_HOUSE,
)
