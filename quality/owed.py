"""Pure: something that somebody owes by a day, as one table for all that follows from quality work.

Whoever owes it reports it with what shows it; somebody else verifies it, or sends it back; it is
given up with a reason. Who may see it differs, and is why there is more than one table of rows
(ADR 0051).
"""

from enum import StrEnum
from typing import TypeVar

from kernel.states import Edge, StateTable

A = TypeVar("A", bound=StrEnum)
P = TypeVar("P", bound=StrEnum)


class OwedState(StrEnum):
    """Owed; said to be done, with evidence; verified by another; given up with a reason."""

    OPEN = "open"
    DONE = "done"
    VERIFIED = "verified"
    DROPPED = "dropped"


def owed(
    name: str,
    *,
    report: A,
    verify: A,
    send_back: A,
    drop: A,
    owes: frozenset[P],
    judges: frozenset[P],
) -> StateTable[OwedState, A, P]:
    """The table, in the words of whoever uses it.

    Args:
        owes: the sides that report it.
        judges: the sides that verify it, send it back, or give it up.
    """
    state = OwedState
    return StateTable(
        name,
        state.OPEN,
        [state.VERIFIED, state.DROPPED],
        {
            (state.OPEN, report): Edge(state.DONE, owes),
            (state.OPEN, drop): Edge(state.DROPPED, judges),
            (state.DONE, verify): Edge(state.VERIFIED, judges),
            (state.DONE, send_back): Edge(state.OPEN, judges),
        },
    )
