"""A guidance session as a table."""

from enum import StrEnum
from typing import Final

from kernel.states import Edge, StateTable


class End(StrEnum):
    """Whose side somebody is on; `time` is the engine."""

    CENTRE = "centre"
    INSTITUTION = "institution"
    TIME = "time"


class GuidanceState(StrEnum):
    """Arranged; both there; over; agreed to or not by the house that was guided; called off."""

    ARRANGED = "arranged"
    UNDERWAY = "underway"
    ENDED = "ended"
    CONFIRMED = "confirmed"
    DISPUTED = "disputed"
    CANCELLED = "cancelled"


class GuidanceAction(StrEnum):
    """What happens to a session. `begin` is nobody's act: both ends are there."""

    BEGIN = "begin"
    END = "end"
    RECORD = "record"
    CONFIRM = "confirm"
    DISPUTE = "dispute"
    CANCEL = "cancel"


_CENTRE, _HOUSE = frozenset({End.CENTRE}), frozenset({End.INSTITUTION})
_BOTH, _TIME = _CENTRE | _HOUSE, frozenset({End.TIME})
_S, _A = GuidanceState, GuidanceAction

GUIDANCE: Final[StateTable[GuidanceState, GuidanceAction, End]] = StateTable(
    "guidance",
    _S.ARRANGED,
    [_S.CANCELLED],
    {
        (_S.ARRANGED, _A.BEGIN): Edge(_S.UNDERWAY, _TIME),
        (_S.ARRANGED, _A.CANCEL): Edge(_S.CANCELLED, _BOTH),
        (_S.UNDERWAY, _A.END): Edge(_S.ENDED, _BOTH | _TIME),
        (_S.UNDERWAY, _A.RECORD): Edge(_S.UNDERWAY, _CENTRE),
        (_S.ENDED, _A.RECORD): Edge(_S.ENDED, _CENTRE),
        (_S.ENDED, _A.CONFIRM): Edge(_S.CONFIRMED, _HOUSE),
        (_S.ENDED, _A.DISPUTE): Edge(_S.DISPUTED, _HOUSE),
        # A record is added to, never changed; who disagreed may come to agree.
        (_S.DISPUTED, _A.RECORD): Edge(_S.DISPUTED, _CENTRE),
        (_S.DISPUTED, _A.CONFIRM): Edge(_S.CONFIRMED, _HOUSE),
        (_S.CONFIRMED, _A.RECORD): Edge(_S.CONFIRMED, _CENTRE),
    },
)

LIVE: Final = frozenset({GuidanceState.ARRANGED, GuidanceState.UNDERWAY})
"""States in which somebody may be there."""
