"""A consultation and its invitations, as tables."""

from enum import StrEnum
from typing import Final

from kernel.states import Edge, StateTable


class ConsultParty(StrEnum):
    """Who moves a consultation."""

    ASKER = "asker"
    INVITED = "invited"
    TIME = "time"


class ConsultState(StrEnum):
    """Asked; agreed to, now or for a time; under way; concluded; closed by the asker's decision."""

    ASKED = "asked"
    AGREED = "agreed"
    UNDERWAY = "underway"
    CONCLUDED = "concluded"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class ConsultAction(StrEnum):
    """What happens to a consultation."""

    ACCEPT = "accept"
    PROPOSE = "propose"
    AGREE_TIME = "agree_time"
    INVITE = "invite"
    REOPEN = "reopen"
    BEGIN = "begin"
    CONCLUDE = "conclude"
    DECIDE = "decide"
    CANCEL = "cancel"
    ESCALATE = "escalate"


class InvitationState(StrEnum):
    """What one invited side has answered."""

    INVITED = "invited"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    HANDED_ON = "handed_on"
    CALLED_OFF = "called_off"
    INFORMED = "informed"


class InvitationAction(StrEnum):
    """What is done with an invitation."""

    ACCEPT = "accept"
    DECLINE = "decline"
    HAND_ON = "hand_on"
    CALL_OFF = "call_off"
    SEEN = "seen"


_ASKER = frozenset({ConsultParty.ASKER})
_INVITED = frozenset({ConsultParty.INVITED})
_BOTH = _ASKER | _INVITED
_TIME = frozenset({ConsultParty.TIME})
_S, _A = ConsultState, ConsultAction

CONSULT: Final[StateTable[ConsultState, ConsultAction, ConsultParty]] = StateTable(
    "consult",
    _S.ASKED,
    [_S.CANCELLED],
    {
        (_S.ASKED, _A.ACCEPT): Edge(_S.AGREED, _INVITED),
        (_S.ASKED, _A.PROPOSE): Edge(_S.ASKED, _BOTH),
        (_S.ASKED, _A.AGREE_TIME): Edge(_S.AGREED, _BOTH),
        (_S.ASKED, _A.INVITE): Edge(_S.ASKED, _ASKER),
        (_S.ASKED, _A.CANCEL): Edge(_S.CANCELLED, _ASKER),
        (_S.ASKED, _A.ESCALATE): Edge(_S.ASKED, _TIME),
        (_S.AGREED, _A.ACCEPT): Edge(_S.AGREED, _INVITED),
        (_S.AGREED, _A.PROPOSE): Edge(_S.AGREED, _BOTH),
        (_S.AGREED, _A.AGREE_TIME): Edge(_S.AGREED, _BOTH),
        (_S.AGREED, _A.INVITE): Edge(_S.AGREED, _ASKER),
        # The last of those who had said yes cannot come after all.
        (_S.AGREED, _A.REOPEN): Edge(_S.ASKED, _INVITED),
        (_S.AGREED, _A.BEGIN): Edge(_S.UNDERWAY, _BOTH),
        (_S.AGREED, _A.CANCEL): Edge(_S.CANCELLED, _ASKER),
        (_S.AGREED, _A.ESCALATE): Edge(_S.AGREED, _TIME),
        # Whoever comes late to the table has still come; more may be called to it.
        (_S.UNDERWAY, _A.ACCEPT): Edge(_S.UNDERWAY, _INVITED),
        (_S.UNDERWAY, _A.INVITE): Edge(_S.UNDERWAY, _ASKER),
        (_S.UNDERWAY, _A.CONCLUDE): Edge(_S.CONCLUDED, _BOTH),
        (_S.CONCLUDED, _A.DECIDE): Edge(_S.CLOSED, _ASKER),
        (_S.CONCLUDED, _A.ESCALATE): Edge(_S.CONCLUDED, _TIME),
        # A decision is added to, never changed.
        (_S.CLOSED, _A.DECIDE): Edge(_S.CLOSED, _ASKER),
    },
)

_I, _D = InvitationState, InvitationAction

INVITATION: Final[StateTable[InvitationState, InvitationAction, ConsultParty]] = StateTable(
    "invitation",
    _I.INVITED,
    [_I.DECLINED, _I.HANDED_ON, _I.INFORMED],
    {
        (_I.INVITED, _D.ACCEPT): Edge(_I.ACCEPTED, _INVITED),
        (_I.INVITED, _D.DECLINE): Edge(_I.DECLINED, _INVITED),
        (_I.INVITED, _D.HAND_ON): Edge(_I.HANDED_ON, _INVITED),
        (_I.INVITED, _D.CALL_OFF): Edge(_I.CALLED_OFF, _ASKER),
        (_I.ACCEPTED, _D.DECLINE): Edge(_I.DECLINED, _INVITED),
        (_I.ACCEPTED, _D.HAND_ON): Edge(_I.HANDED_ON, _INVITED),
        (_I.ACCEPTED, _D.CALL_OFF): Edge(_I.CALLED_OFF, _ASKER),
        (_I.CALLED_OFF, _D.SEEN): Edge(_I.INFORMED, _INVITED),
    },
)

OPEN: Final = frozenset({ConsultState.ASKED, ConsultState.AGREED, ConsultState.UNDERWAY})
"""States in which those who are invited may still answer."""
