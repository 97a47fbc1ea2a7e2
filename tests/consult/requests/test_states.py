"""Every pair of the two tables is an edge or refused, and every state can be left or is final."""

from itertools import product

import pytest

from consult.requests.states import (
    CONSULT,
    INVITATION,
    ConsultAction,
    ConsultState,
    InvitationAction,
    InvitationState,
)
from kernel.errors import IllegalTransition


@pytest.mark.parametrize(
    ("table", "state", "action"),
    [
        *((CONSULT, *pair) for pair in product(ConsultState, ConsultAction)),
        *((INVITATION, *pair) for pair in product(InvitationState, InvitationAction)),
    ],
)
def test_an_edge_or_refused(table, state, action) -> None:  # type: ignore[no-untyped-def]
    if action in table.actions(state):
        assert table.edge(state, action).to in type(state)
    else:
        with pytest.raises(IllegalTransition):
            table.edge(state, action)


@pytest.mark.parametrize(
    ("table", "states"), [(CONSULT, ConsultState), (INVITATION, InvitationState)]
)
def test_no_state_is_a_trap(table, states) -> None:  # type: ignore[no-untyped-def]
    reached, left = {table.initial}, [table.initial]
    while left:
        state = left.pop()
        for action in table.actions(state):
            to = table.edge(state, action).to
            if to not in reached:
                reached.add(to)
                left.append(to)
    assert reached == set(states)
    # An accepted invitation rests until the consultation is called off; it needs no more.
    assert {one for one in states if not table.actions(one)} == set(table.final)
