"""The tables of a page and of one person's reach, edge by edge."""

import itertools

import pytest

from duty.escalation.states import (
    LIVE,
    PAGE,
    REACH,
    PageAction,
    PageState,
    ReachAction,
    ReachState,
    sources,
)
from kernel.errors import IllegalTransition


@pytest.mark.parametrize(
    ("state", "action"),
    sorted(
        set(itertools.product(PageState, PageAction)) - {(s, a) for s, a, _ in PAGE},
    ),
)
def test_a_page_moves_only_along_the_table(state: PageState, action: PageAction) -> None:
    with pytest.raises(IllegalTransition):
        PAGE.edge(state, action)


def test_a_live_page_can_always_be_answered_and_cancelled() -> None:
    for state in LIVE:
        assert PAGE.edge(state, PageAction.ACKNOWLEDGE).to == PageState.ACKNOWLEDGED
        assert PAGE.edge(state, PageAction.CANCEL).to == PageState.CANCELLED
    assert frozenset(PageState) == LIVE | PAGE.final | {PageState.ACKNOWLEDGED}


def test_who_said_yes_and_is_silent_is_rung_again() -> None:
    assert PAGE.edge(PageState.ACKNOWLEDGED, PageAction.REPAGE).to == PageState.RUNNING
    for action in (PageAction.JOIN, PageAction.SETTLE):
        assert PAGE.edge(PageState.ACKNOWLEDGED, action).to == PageState.ACKNOWLEDGED


def test_one_of_several_answers_and_ringing_goes_on() -> None:
    for state in LIVE:
        assert PAGE.edge(state, PageAction.ANSWER).to == state


ORDER = [ReachState.QUEUED, ReachState.SENT, ReachState.DELIVERED, ReachState.SEEN]


def test_receipts_never_move_backwards() -> None:
    for state, action, edge in REACH:
        if state in ORDER and edge.to in ORDER:
            assert ORDER.index(edge.to) > ORDER.index(state), (state, action)


@pytest.mark.parametrize("state", [s for s in ReachState if s != ReachState.ACKNOWLEDGED])
def test_an_acknowledgement_is_possible_from_every_state(state: ReachState) -> None:
    assert REACH.edge(state, ReachAction.ACKNOWLEDGE).to == ReachState.ACKNOWLEDGED


def test_unreachable_is_only_said_of_those_whose_device_never_answered() -> None:
    assert sources(ReachAction.GIVE_UP) == ["queued", "sent"]


def test_a_phone_that_comes_back_still_delivers() -> None:
    assert REACH.edge(ReachState.UNREACHABLE, ReachAction.DELIVER).to == ReachState.DELIVERED


def test_each_action_leads_to_one_state() -> None:
    for action in ReachAction:
        assert len({edge.to for _, act, edge in REACH if act == action}) == 1


def test_answers_are_final_except_a_decline_that_turns_into_a_yes() -> None:
    assert REACH.actions(ReachState.ACKNOWLEDGED) == []
    assert REACH.actions(ReachState.DECLINED) == [ReachAction.ACKNOWLEDGE]
