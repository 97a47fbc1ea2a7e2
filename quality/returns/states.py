"""A return as a table."""

from enum import StrEnum
from typing import Final

from kernel.states import Edge, StateTable


class Side(StrEnum):
    """Whose return it is."""

    HOUSE = "house"


class ReturnState(StrEnum):
    """Being filled in; handed in and locked; opened by mistake and taken back."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    WITHDRAWN = "withdrawn"


class ReturnAction(StrEnum):
    """What happens to a return. `reopen` keeps what was handed in, with the reason."""

    STATE = "state"
    SUBMIT = "submit"
    REOPEN = "reopen"
    WITHDRAW = "withdraw"


_HOUSE = frozenset({Side.HOUSE})
_S, _A = ReturnState, ReturnAction

RETURN: Final[StateTable[ReturnState, ReturnAction, Side]] = StateTable(
    "return",
    _S.DRAFT,
    [_S.WITHDRAWN],
    {
        (_S.DRAFT, _A.STATE): Edge(_S.DRAFT, _HOUSE),
        (_S.DRAFT, _A.SUBMIT): Edge(_S.SUBMITTED, _HOUSE),
        (_S.DRAFT, _A.WITHDRAW): Edge(_S.WITHDRAWN, _HOUSE),
        (_S.SUBMITTED, _A.REOPEN): Edge(_S.DRAFT, _HOUSE),
    },
)
