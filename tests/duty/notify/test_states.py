"""The table of message states, edge by edge."""

import itertools

import pytest

from duty.notify.states import MESSAGE, UNSETTLED, MessageAction, MessageState, sources
from kernel.errors import IllegalTransition

LEGAL = {(state, action) for state, action, _ in MESSAGE}


@pytest.mark.parametrize(
    ("state", "action"), sorted(set(itertools.product(MessageState, MessageAction)) - LEGAL)
)
def test_everything_not_in_the_table_is_refused(state: MessageState, action: MessageAction) -> None:
    with pytest.raises(IllegalTransition):
        MESSAGE.edge(state, action)


def test_each_action_leads_to_one_state_so_that_bulk_updates_can_name_it() -> None:
    for action in MessageAction:
        assert len({edge.to for _, act, edge in MESSAGE if act == action}) == 1
        assert sources(action)


def test_every_message_can_reach_an_end_from_wherever_it_stands() -> None:
    def ends(state: MessageState, seen: frozenset[MessageState]) -> bool:
        if state in MESSAGE.final:
            return True
        following = {edge.to for at, _, edge in MESSAGE if at == state} - seen
        return any(ends(to, seen | {to}) for to in following)

    for state in MessageState:
        assert ends(state, frozenset({state})), state


def test_sent_may_last_and_what_is_unsettled_may_not() -> None:
    assert MessageState.SENT not in UNSETTLED
    assert not UNSETTLED & MESSAGE.final
