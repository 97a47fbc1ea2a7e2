"""Every legal and every illegal edge of every state table of the platform."""

from enum import StrEnum
from typing import Any

import pytest

from consult.imaging.receiving.states import ARRIVAL, ArrivalAction
from consult.imaging.states import STUDY, StudyAction
from consult.states import ADVICE, ORDER, AdviceAction, OrderAction
from duty.escalation.states import PAGE, REACH, PageAction, ReachAction
from kernel.errors import IllegalTransition
from kernel.states import Edge, StateTable
from referral.states import (
    HOLD,
    LEG,
    OFFER,
    REFERRAL,
    HoldAction,
    LegAction,
    OfferAction,
    ReferralAction,
)

TABLES: list[tuple[StateTable[Any, Any, Any], type[StrEnum]]] = [
    (REFERRAL, ReferralAction),
    (OFFER, OfferAction),
    (LEG, LegAction),
    (HOLD, HoldAction),
    (ADVICE, AdviceAction),
    (ORDER, OrderAction),
    (STUDY, StudyAction),
    (ARRIVAL, ArrivalAction),
    (PAGE, PageAction),
    (REACH, ReachAction),
]


def _states(table: StateTable[Any, Any, Any]) -> list[StrEnum]:
    return list(type(table.initial))


def _legal() -> list[Any]:
    return [
        pytest.param(table, state, action, edge, id=f"{table.name}-{state}-{action}")
        for table, _ in TABLES
        for state, action, edge in table
    ]


def _illegal() -> list[Any]:
    return [
        pytest.param(table, state, action, id=f"{table.name}-{state}-{action}")
        for table, actions in TABLES
        for state in _states(table)
        for action in actions
        if (state, action) not in {(s, a) for s, a, _ in table}
    ]


@pytest.mark.parametrize(("table", "state", "action", "edge"), _legal())
def test_a_legal_edge_leads_to_a_state_and_belongs_to_somebody(
    table: StateTable[Any, Any, Any], state: StrEnum, action: StrEnum, edge: Edge[Any, Any]
) -> None:
    assert table.edge(state, action) is edge
    assert edge.to in _states(table)
    assert edge.actors
    assert state not in table.final
    assert action in table.actions(state)
    for actor in edge.actors:
        assert action in table.actions(state, actor)


@pytest.mark.parametrize(("table", "state", "action"), _illegal())
def test_an_illegal_edge_is_refused_by_name(
    table: StateTable[Any, Any, Any], state: StrEnum, action: StrEnum
) -> None:
    with pytest.raises(IllegalTransition) as refused:
        table.edge(state, action)
    assert refused.value.fields == {
        "machine": table.name,
        "state": str(state),
        "action": str(action),
    }
    assert action not in table.actions(state)


@pytest.mark.parametrize("table", [table for table, _ in TABLES], ids=lambda table: table.name)
def test_every_state_can_be_reached_from_the_first(table: StateTable[Any, Any, Any]) -> None:
    reached = {table.initial}
    while True:
        further = {edge.to for state, _, edge in table if state in reached} - reached
        if not further:
            break
        reached |= further
    assert reached == set(_states(table))


@pytest.mark.parametrize("table", [table for table, _ in TABLES], ids=lambda table: table.name)
def test_every_state_that_is_not_final_can_be_left(table: StateTable[Any, Any, Any]) -> None:
    stuck = {state for state in _states(table) if not table.actions(state)}
    assert stuck <= table.final


class _Light(StrEnum):
    RED = "red"
    GREEN = "green"


class _Press(StrEnum):
    GO = "go"


def test_a_final_state_with_an_action_is_a_mistake_in_the_table() -> None:
    edge: Edge[_Light, _Press] = Edge(_Light.GREEN, frozenset({_Press.GO}))
    with pytest.raises(ValueError, match="final but has the action"):
        StateTable("light", _Light.RED, [_Light.RED], {(_Light.RED, _Press.GO): edge})


def test_the_diagram_names_every_edge_once() -> None:
    drawn = REFERRAL.mermaid().splitlines()
    assert drawn[0] == "stateDiagram-v2"
    assert drawn[1].strip() == "[*] --> draft"
    for state, action, edge in REFERRAL:
        assert drawn.count(f"    {state} --> {edge.to}: {action}") == 1
