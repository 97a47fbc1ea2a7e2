"""The states of what a machine sent, as a table."""

from enum import StrEnum
from typing import Final

from kernel.states import Edge, StateTable


class ArrivalParty(StrEnum):
    """Who moves it."""

    HOUSE = "house"


class ArrivalState(StrEnum):
    """Waiting at its house; in a woman's record; belonging nowhere."""

    WAITING = "waiting"
    BROUGHT = "brought"
    DISCARDED = "discarded"


class ArrivalAction(StrEnum):
    """What is done with it."""

    BRING = "bring"
    DISCARD = "discard"


_HOUSE = frozenset({ArrivalParty.HOUSE})

ARRIVAL: Final[StateTable[ArrivalState, ArrivalAction, ArrivalParty]] = StateTable(
    "arrival",
    ArrivalState.WAITING,
    [ArrivalState.BROUGHT, ArrivalState.DISCARDED],
    {
        (ArrivalState.WAITING, ArrivalAction.BRING): Edge(ArrivalState.BROUGHT, _HOUSE),
        (ArrivalState.WAITING, ArrivalAction.DISCARD): Edge(ArrivalState.DISCARDED, _HOUSE),
    },
)
