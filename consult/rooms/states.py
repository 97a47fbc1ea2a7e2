"""An admission to a room, as a table."""

from enum import StrEnum
from typing import Final

from kernel.states import Edge, StateTable


class RoomParty(StrEnum):
    """Who moves an admission."""

    SELF = "self"
    HOST = "host"


class AdmissionState(StrEnum):
    """Waiting to be let in; let in; not let in; gave up waiting; sent out."""

    WAITING = "waiting"
    ADMITTED = "admitted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EJECTED = "ejected"


class AdmissionAction(StrEnum):
    """What is done with an admission."""

    ADMIT = "admit"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    EJECT = "eject"


_S, _A = AdmissionState, AdmissionAction
_HOST = frozenset({RoomParty.HOST})

ADMISSION: Final[StateTable[AdmissionState, AdmissionAction, RoomParty]] = StateTable(
    "room_admission",
    _S.WAITING,
    [_S.REFUSED, _S.WITHDRAWN, _S.EJECTED],
    {
        (_S.WAITING, _A.ADMIT): Edge(_S.ADMITTED, _HOST),
        (_S.WAITING, _A.REFUSE): Edge(_S.REFUSED, _HOST),
        (_S.WAITING, _A.WITHDRAW): Edge(_S.WITHDRAWN, frozenset({RoomParty.SELF})),
        (_S.ADMITTED, _A.EJECT): Edge(_S.EJECTED, _HOST),
    },
)

LIVE: Final = frozenset({AdmissionState.WAITING, AdmissionState.ADMITTED})
"""One of these at a time per person; who was refused or sent out may ask once more."""
SENT_OUT: Final = frozenset({AdmissionState.REFUSED, AdmissionState.EJECTED})
"""After one of these somebody waits, whoever they are."""
