"""The table of handovers: every edge and every missing edge."""

import itertools

import pytest

from duty.changes.handover.states import HANDOVER, HandoverAction, HandoverState, Side
from kernel.errors import IllegalTransition


@pytest.mark.parametrize(
    ("state", "action"), list(itertools.product(HandoverState, HandoverAction))
)
def test_every_pair_is_an_edge_or_refused(state: HandoverState, action: HandoverAction) -> None:
    edges = {(from_, act): edge for from_, act, edge in HANDOVER}
    if (state, action) in edges:
        assert HANDOVER.edge(state, action) is edges[state, action]
        return
    with pytest.raises(IllegalTransition):
        HANDOVER.edge(state, action)


def test_only_the_incoming_person_accepts_and_nobody_settles_their_own() -> None:
    assert HANDOVER.edge(HandoverState.OPEN, HandoverAction.ACCEPT).actors == {Side.INCOMING}
    assert HANDOVER.edge(HandoverState.OPEN, HandoverAction.SETTLE).actors == {Side.HEAD}
    assert HANDOVER.final == set(HandoverState) - {HandoverState.OPEN}
