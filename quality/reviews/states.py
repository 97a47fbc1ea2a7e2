"""A review, and a measure that follows from it, as tables."""

from enum import StrEnum
from typing import Final

from kernel.states import Edge, StateTable
from quality.owed import OwedState, owed


class Side(StrEnum):
    """Who moves it: whoever convenes, a member of the panel, whoever owes a measure, the engine."""

    CONVENER = "convener"
    PANEL = "panel"
    OWNER = "owner"
    TIME = "time"


class ReviewState(StrEnum):
    """Proposed by events; opened; pack there; panel named; held; concluded; measures; closed."""

    PROPOSED = "proposed"
    OPEN = "open"
    PREPARED = "prepared"
    PANEL_SET = "panel_set"
    HELD = "held"
    CONCLUDED = "concluded"
    ACTING = "acting"
    CLOSED = "closed"
    DISMISSED = "dismissed"


class ReviewAction(StrEnum):
    """What happens to a review."""

    OPEN = "open"
    DISMISS = "dismiss"
    PREPARE = "prepare"
    SET_PANEL = "set_panel"
    RECUSE = "recuse"
    HOLD = "hold"
    VOTE = "vote"
    FIND = "find"
    CONCLUDE = "conclude"
    ADD_MEASURE = "add_measure"
    CLOSE = "close"


_LEADS, _PANEL = frozenset({Side.CONVENER}), frozenset({Side.PANEL})
_S, _A = ReviewState, ReviewAction

REVIEW: Final[StateTable[ReviewState, ReviewAction, Side]] = StateTable(
    "review",
    _S.PROPOSED,
    [_S.CLOSED, _S.DISMISSED],
    {
        (_S.PROPOSED, _A.OPEN): Edge(_S.OPEN, _LEADS),
        (_S.PROPOSED, _A.DISMISS): Edge(_S.DISMISSED, _LEADS),
        (_S.OPEN, _A.PREPARE): Edge(_S.PREPARED, _LEADS),
        (_S.OPEN, _A.DISMISS): Edge(_S.DISMISSED, _LEADS),
        # What was corrected since goes into a further pack; the earlier ones stay.
        (_S.PREPARED, _A.PREPARE): Edge(_S.PREPARED, _LEADS),
        (_S.PREPARED, _A.SET_PANEL): Edge(_S.PANEL_SET, _LEADS),
        (_S.PREPARED, _A.DISMISS): Edge(_S.DISMISSED, _LEADS),
        (_S.PANEL_SET, _A.PREPARE): Edge(_S.PANEL_SET, _LEADS),
        (_S.PANEL_SET, _A.SET_PANEL): Edge(_S.PANEL_SET, _LEADS),
        (_S.PANEL_SET, _A.RECUSE): Edge(_S.PANEL_SET, _PANEL),
        (_S.PANEL_SET, _A.HOLD): Edge(_S.HELD, _LEADS),
        (_S.PANEL_SET, _A.DISMISS): Edge(_S.DISMISSED, _LEADS),
        (_S.HELD, _A.FIND): Edge(_S.HELD, _LEADS | _PANEL),
        (_S.HELD, _A.VOTE): Edge(_S.HELD, _PANEL),
        (_S.HELD, _A.RECUSE): Edge(_S.HELD, _PANEL),
        (_S.HELD, _A.CONCLUDE): Edge(_S.CONCLUDED, _LEADS),
        (_S.CONCLUDED, _A.ADD_MEASURE): Edge(_S.ACTING, _LEADS),
        # Nothing to be done, and said why.
        (_S.CONCLUDED, _A.CLOSE): Edge(_S.CLOSED, _LEADS),
        (_S.ACTING, _A.ADD_MEASURE): Edge(_S.ACTING, _LEADS),
        # Once every measure is verified or given up.
        (_S.ACTING, _A.CLOSE): Edge(_S.CLOSED, _LEADS),
    },
)

RUNNING: Final = frozenset({_S.PROPOSED, _S.OPEN, _S.PREPARED, _S.PANEL_SET, _S.HELD})
"""Not yet concluded: what the limit runs against."""


class MeasureAction(StrEnum):
    """What happens to a measure."""

    REPORT = "report"
    SEND_BACK = "send_back"
    VERIFY = "verify"
    DROP = "drop"


_D = MeasureAction

MEASURE: Final[StateTable[OwedState, MeasureAction, Side]] = owed(
    "measure",
    report=_D.REPORT,
    verify=_D.VERIFY,
    send_back=_D.SEND_BACK,
    drop=_D.DROP,
    owes=frozenset({Side.OWNER}),
    judges=_LEADS,
)
