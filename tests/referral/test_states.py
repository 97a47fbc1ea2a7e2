"""Who may do what: the numbered transitions and their sides."""

import pytest

from referral.states import (
    EN_ROUTE,
    HOLD,
    LEG,
    OFFER,
    REFERRAL,
    LegAction,
    LegState,
    OfferAction,
    OfferState,
    ReferralAction,
    ReferralState,
    Side,
)


def test_every_transition_of_the_list_stands_in_a_table() -> None:
    numbers = {edge.number for table in (REFERRAL, OFFER, LEG, HOLD) for _, _, edge in table}
    # 22 (late entry) is a property of every permitted action.
    assert numbers - {0} == set(range(1, 22))


def test_administrators_void_and_nothing_else() -> None:
    for table in (REFERRAL, OFFER, LEG, HOLD):
        for _, action, edge in table:
            assert (Side.ADMIN in edge.actors) == (action == "void")


@pytest.mark.parametrize("state", [s for s in ReferralState if s is not ReferralState.VOIDED])
def test_any_case_can_be_voided(state: ReferralState) -> None:
    assert REFERRAL.edge(state, ReferralAction.VOID).to is ReferralState.VOIDED


def test_only_a_receiver_says_yes_or_no() -> None:
    for action in (OfferAction.ACCEPT, OfferAction.ACCEPT_AFTER_STABILISING, OfferAction.DECLINE):
        for state in OfferState:
            if action in OFFER.actions(state):
                assert OFFER.edge(state, action).actors == {Side.RECEIVER}


def test_a_late_yes_is_never_refused_for_lateness() -> None:
    assert OFFER.edge(OfferState.EXPIRED, OfferAction.ACCEPT).to is OfferState.ACCEPTED


@pytest.mark.parametrize("state", EN_ROUTE)
def test_on_the_road_everything_can_happen(state: LegState) -> None:
    for action in (LegAction.DETERIORATE, LegAction.BIRTH, LegAction.DIVERT, LegAction.DIE):
        assert action in LEG.actions(state)


@pytest.mark.parametrize("state", EN_ROUTE)
def test_arrival_is_the_receivers_word_never_a_position(state: LegState) -> None:
    actors = LEG.edge(state, LegAction.ARRIVE).actors
    assert actors == {Side.RECEIVER, Side.COORDINATOR}
    assert Side.SYSTEM not in actors


def test_no_case_can_be_cancelled_once_she_is_in_care() -> None:
    for state in (ReferralState.HANDED_OVER, ReferralState.CLOSED, ReferralState.DIED):
        assert ReferralAction.CANCEL not in REFERRAL.actions(state)
