"""States of one place's handover, as a table."""

from enum import StrEnum

from kernel.states import Edge, StateTable


class Side(StrEnum):
    """Who may take an edge. `head`: group lead, 总值班, or whoever keeps the roster."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"
    HEAD = "head"
    ENGINE = "engine"


class HandoverState(StrEnum):
    """待接班、已接班、已代为确认、已失效.

    `lapsed`: the incoming person no longer has the place, because the next handover has come or
    the roster was changed.
    """

    OPEN = "open"
    ACCEPTED = "accepted"
    SETTLED = "settled"
    LAPSED = "lapsed"


class HandoverAction(StrEnum):
    """What ends it."""

    ACCEPT = "accept"
    SETTLE = "settle"
    LAPSE = "lapse"


_S, _A = HandoverState, HandoverAction

HANDOVER: StateTable[HandoverState, HandoverAction, Side] = StateTable(
    "handover",
    _S.OPEN,
    {_S.ACCEPTED, _S.SETTLED, _S.LAPSED},
    {
        (_S.OPEN, _A.ACCEPT): Edge(_S.ACCEPTED, frozenset({Side.INCOMING})),
        (_S.OPEN, _A.SETTLE): Edge(_S.SETTLED, frozenset({Side.HEAD})),
        (_S.OPEN, _A.LAPSE): Edge(_S.LAPSED, frozenset({Side.ENGINE})),
    },
)
