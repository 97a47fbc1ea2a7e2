"""The life of an alarm, as a table. It latches: what was raised stays until a person answers."""

from enum import StrEnum
from typing import Final

from kernel.states import Edge, StateTable


class AlarmParty(StrEnum):
    """Who moves an alarm."""

    SAMPLES = "samples"
    TIME = "time"
    STAFF = "staff"


class AlarmState(StrEnum):
    """Where an alarm stands.

    ACTIVE: there, unanswered, sounds. SILENCED: there, unanswered, the sound pauses for a bounded
    time. LATCHED: over before anybody answered; still shown, as resolved. ACKNOWLEDGED: there, and
    somebody has it. CLOSED: over and answered.
    """

    ACTIVE = "active"
    SILENCED = "silenced"
    LATCHED = "latched"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


class AlarmAction(StrEnum):
    """What happens to an alarm."""

    CEASE = "cease"
    RECUR = "recur"
    REMIND = "remind"
    SOUND = "sound"
    ESCALATE = "escalate"
    ACKNOWLEDGE = "acknowledge"
    SILENCE = "silence"


_SAMPLES = frozenset({AlarmParty.SAMPLES})
_TIME = frozenset({AlarmParty.TIME})
_STAFF = frozenset({AlarmParty.STAFF})
_S, _A = AlarmState, AlarmAction

ALARM: Final[StateTable[AlarmState, AlarmAction, AlarmParty]] = StateTable(
    "ctg_alarm",
    _S.ACTIVE,
    [_S.CLOSED],
    {
        (_S.ACTIVE, _A.ACKNOWLEDGE): Edge(_S.ACKNOWLEDGED, _STAFF),
        (_S.ACTIVE, _A.SILENCE): Edge(_S.SILENCED, _STAFF),
        (_S.ACTIVE, _A.CEASE): Edge(_S.LATCHED, _SAMPLES),
        (_S.ACTIVE, _A.REMIND): Edge(_S.ACTIVE, _TIME),
        (_S.ACTIVE, _A.ESCALATE): Edge(_S.ACTIVE, _TIME),
        (_S.SILENCED, _A.ACKNOWLEDGE): Edge(_S.ACKNOWLEDGED, _STAFF),
        (_S.SILENCED, _A.SOUND): Edge(_S.ACTIVE, _TIME),
        (_S.SILENCED, _A.CEASE): Edge(_S.LATCHED, _SAMPLES),
        # Pausing the sound does not stop the clock: nobody has taken it yet.
        (_S.SILENCED, _A.ESCALATE): Edge(_S.SILENCED, _TIME),
        (_S.LATCHED, _A.ACKNOWLEDGE): Edge(_S.CLOSED, _STAFF),
        (_S.LATCHED, _A.RECUR): Edge(_S.ACTIVE, _SAMPLES),
        (_S.LATCHED, _A.REMIND): Edge(_S.LATCHED, _TIME),
        (_S.LATCHED, _A.ESCALATE): Edge(_S.LATCHED, _TIME),
        # Taken and still there: it is said again, and somebody must take it again.
        (_S.ACKNOWLEDGED, _A.REMIND): Edge(_S.ACTIVE, _TIME),
        (_S.ACKNOWLEDGED, _A.CEASE): Edge(_S.CLOSED, _SAMPLES),
    },
)

UNANSWERED: Final = frozenset({_S.ACTIVE, _S.SILENCED, _S.LATCHED})
"""States in which nobody has taken the alarm."""
