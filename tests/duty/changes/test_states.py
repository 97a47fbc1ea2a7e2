"""The tables of changes: every edge and every missing edge."""

import itertools

import pytest

from duty.changes.states import (
    CHANGE,
    OPEN,
    TAKEOVER,
    ChangeAction,
    ChangeState,
    Side,
    table_of,
)
from kernel.errors import IllegalTransition
from kernel.states import StateTable

Table = StateTable[ChangeState, ChangeAction, Side]
ROSTER_MOVES = {ChangeState.APPLIED}


@pytest.mark.parametrize("table", [CHANGE, TAKEOVER], ids=lambda table: table.name)
@pytest.mark.parametrize(("state", "action"), list(itertools.product(ChangeState, ChangeAction)))
def test_every_pair_is_an_edge_or_refused(
    table: Table, state: ChangeState, action: ChangeAction
) -> None:
    edges = {(from_, act): edge for from_, act, edge in table}
    if (state, action) in edges:
        assert table.edge(state, action) is edges[state, action]
        return
    with pytest.raises(IllegalTransition) as refused:
        table.edge(state, action)
    assert refused.value.fields["state"] == str(state)


def test_the_roster_changes_by_one_edge_alone_and_only_after_both_consents() -> None:
    leading = [(state, action, edge) for state, action, edge in CHANGE if edge.to in ROSTER_MOVES]
    assert [(state, action) for state, action, _ in leading] == [
        (ChangeState.AGREED, ChangeAction.APPROVE)
    ]
    assert leading[0][2].actors == {Side.APPROVER, Side.RULE}
    into = [state for state, _, edge in CHANGE if edge.to == ChangeState.AGREED]
    assert into == [ChangeState.PROPOSED]


def test_every_open_state_can_be_ended_without_its_people() -> None:
    for state in OPEN:
        assert CHANGE.edge(state, ChangeAction.END).actors == {Side.DESK, Side.APPROVER}
        assert CHANGE.edge(state, ChangeAction.EXPIRE).actors == {Side.ENGINE}
    assert {state for state, _, _ in CHANGE} == OPEN


def test_a_takeover_holds_before_it_is_approved() -> None:
    assert table_of("takeover") is TAKEOVER
    assert table_of("swap") is table_of("substitute") is CHANGE
    assert TAKEOVER.initial == ChangeState.IN_FORCE
    assert TAKEOVER.actions(ChangeState.IN_FORCE, Side.REQUESTER) == []
