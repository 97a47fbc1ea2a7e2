"""An assessment's four machines as tables: the round, a centre's entry, a visit, a task."""

from enum import StrEnum
from typing import Final

from kernel.states import Edge, StateTable


class Side(StrEnum):
    """Where somebody stands to an entry; `owner` oversees the whole round, `time` is the engine."""

    OWNER = "owner"
    CITY = "city"
    COUNTY = "county"
    CENTRE = "centre"
    TIME = "time"


class RoundState(StrEnum):
    """Planned; running; everything closed; called off before it began."""

    PLANNED = "planned"
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class RoundAction(StrEnum):
    """What happens to a round."""

    OPEN = "open"
    CANCEL = "cancel"
    CLOSE = "close"


class EntryState(StrEnum):
    """Where a centre is in a round. `missed`: the deadline passed without a self-check."""

    PLANNED = "planned"
    OPEN = "self_check_open"
    SUBMITTED = "self_check_submitted"
    MISSED = "self_check_missed"
    BY_CITY = "assessed_by_city"
    BY_OWNER = "assessed_by_owner"
    FEEDBACK = "feedback_given"
    RECTIFYING = "rectifying"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class EntryAction(StrEnum):
    """What happens to an entry."""

    OPEN = "open"
    CANCEL = "cancel"
    ANSWER = "answer"
    SUBMIT = "submit"
    MISS = "miss"
    RETURN = "return"
    ASSESS_CITY = "assess_city"
    ASSESS_OWNER = "assess_owner"
    FEEDBACK = "feedback"
    DEMAND = "demand"
    CLOSE = "close"


class VisitState(StrEnum):
    """Planned and known to the assessors alone; begun on the spot; signed; not made."""

    PLANNED = "planned"
    UNDERWAY = "underway"
    SIGNED = "signed"
    CANCELLED = "cancelled"


class VisitAction(StrEnum):
    """What happens to a visit."""

    BEGIN = "begin"
    FIND = "find"
    SIGN = "sign"
    CANCEL = "cancel"


class TaskState(StrEnum):
    """Demanded; somebody answers for it; said to be done; found to be done."""

    OPEN = "open"
    ASSIGNED = "assigned"
    REPORTED = "reported"
    VERIFIED = "verified"


class TaskAction(StrEnum):
    """What happens to a task."""

    ASSIGN = "assign"
    REPORT = "report"
    VERIFY = "verify"
    RETURN = "return"


_OWNER, _CENTRE, _TIME = (
    frozenset({Side.OWNER}),
    frozenset({Side.CENTRE}),
    frozenset({Side.TIME}),
)
_CITY = frozenset({Side.CITY})
_UPPER = _OWNER | _CITY
"""Who assesses; a county's authority looks on the spot, but does not."""
_INSPECTS = _UPPER | {Side.COUNTY}
_R, _RA = RoundState, RoundAction
_E, _A = EntryState, EntryAction
_V, _VA = VisitState, VisitAction
_T, _TA = TaskState, TaskAction

ROUND: Final[StateTable[RoundState, RoundAction, Side]] = StateTable(
    "assessment_round",
    _R.PLANNED,
    [_R.CLOSED, _R.CANCELLED],
    {
        (_R.PLANNED, _RA.OPEN): Edge(_R.OPEN, _OWNER),
        (_R.PLANNED, _RA.CANCEL): Edge(_R.CANCELLED, _OWNER),
        (_R.OPEN, _RA.CLOSE): Edge(_R.CLOSED, _OWNER),
    },
)

ENTRY: Final[StateTable[EntryState, EntryAction, Side]] = StateTable(
    "assessment_entry",
    _E.PLANNED,
    [_E.CLOSED, _E.CANCELLED],
    {
        (_E.PLANNED, _A.OPEN): Edge(_E.OPEN, _OWNER),
        (_E.PLANNED, _A.CANCEL): Edge(_E.CANCELLED, _OWNER),
        (_E.OPEN, _A.ANSWER): Edge(_E.OPEN, _CENTRE),
        (_E.OPEN, _A.SUBMIT): Edge(_E.SUBMITTED, _CENTRE),
        (_E.OPEN, _A.MISS): Edge(_E.MISSED, _TIME),
        # Late is late, and still better than never.
        (_E.MISSED, _A.ANSWER): Edge(_E.MISSED, _CENTRE),
        (_E.MISSED, _A.SUBMIT): Edge(_E.SUBMITTED, _CENTRE),
        (_E.MISSED, _A.ASSESS_CITY): Edge(_E.BY_CITY, _CITY),
        (_E.MISSED, _A.ASSESS_OWNER): Edge(_E.BY_OWNER, _OWNER),
        (_E.SUBMITTED, _A.RETURN): Edge(_E.OPEN, _UPPER),
        (_E.SUBMITTED, _A.ASSESS_CITY): Edge(_E.BY_CITY, _CITY),
        # A province may assess cities and counties in one go.
        (_E.SUBMITTED, _A.ASSESS_OWNER): Edge(_E.BY_OWNER, _OWNER),
        (_E.BY_CITY, _A.ASSESS_OWNER): Edge(_E.BY_OWNER, _OWNER),
        (_E.BY_OWNER, _A.FEEDBACK): Edge(_E.FEEDBACK, _OWNER),
        (_E.FEEDBACK, _A.DEMAND): Edge(_E.RECTIFYING, _UPPER),
        (_E.FEEDBACK, _A.CLOSE): Edge(_E.CLOSED, _OWNER),
        (_E.RECTIFYING, _A.DEMAND): Edge(_E.RECTIFYING, _UPPER),
        (_E.RECTIFYING, _A.CLOSE): Edge(_E.CLOSED, _OWNER),
    },
)

VISIT: Final[StateTable[VisitState, VisitAction, Side]] = StateTable(
    "assessment_visit",
    _V.PLANNED,
    [_V.SIGNED, _V.CANCELLED],
    {
        (_V.PLANNED, _VA.BEGIN): Edge(_V.UNDERWAY, _INSPECTS),
        (_V.PLANNED, _VA.CANCEL): Edge(_V.CANCELLED, _INSPECTS),
        (_V.UNDERWAY, _VA.FIND): Edge(_V.UNDERWAY, _INSPECTS),
        (_V.UNDERWAY, _VA.SIGN): Edge(_V.SIGNED, _INSPECTS),
        (_V.UNDERWAY, _VA.CANCEL): Edge(_V.CANCELLED, _INSPECTS),
    },
)

TASK: Final[StateTable[TaskState, TaskAction, Side]] = StateTable(
    "assessment_task",
    _T.OPEN,
    [_T.VERIFIED],
    {
        (_T.OPEN, _TA.ASSIGN): Edge(_T.ASSIGNED, _CENTRE),
        (_T.ASSIGNED, _TA.ASSIGN): Edge(_T.ASSIGNED, _CENTRE),
        (_T.ASSIGNED, _TA.REPORT): Edge(_T.REPORTED, _CENTRE),
        (_T.REPORTED, _TA.VERIFY): Edge(_T.VERIFIED, _UPPER),
        (_T.REPORTED, _TA.RETURN): Edge(_T.ASSIGNED, _UPPER),
    },
)

VISITED: Final = frozenset({_E.OPEN, _E.SUBMITTED, _E.MISSED, _E.BY_CITY})
"""States of an entry in which a visit may be planned: before it is assessed for good."""
