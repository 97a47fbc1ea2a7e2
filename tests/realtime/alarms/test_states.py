"""The table of an alarm's life: latching, and a clock that a paused sound does not stop."""

from itertools import product
from pathlib import Path

import pytest

from kernel.errors import IllegalTransition
from realtime.alarms.states import ALARM, UNANSWERED, AlarmAction, AlarmParty, AlarmState


@pytest.mark.parametrize(("state", "action"), list(product(AlarmState, AlarmAction)))
def test_every_pair_is_an_edge_or_refused(state: AlarmState, action: AlarmAction) -> None:
    if action in ALARM.actions(state):
        assert ALARM.edge(state, action).to in AlarmState
    else:
        with pytest.raises(IllegalTransition):
            ALARM.edge(state, action)


def test_only_people_and_the_end_of_an_answered_condition_close_an_alarm() -> None:
    ways = {(state, action) for state, action, edge in ALARM if edge.to is AlarmState.CLOSED}
    assert ways == {
        (AlarmState.LATCHED, AlarmAction.ACKNOWLEDGE),
        (AlarmState.ACKNOWLEDGED, AlarmAction.CEASE),
    }


@pytest.mark.parametrize("state", sorted(UNANSWERED))
def test_whatever_is_unanswered_climbs(state: AlarmState) -> None:
    assert ALARM.edge(state, AlarmAction.ESCALATE).to is state
    assert AlarmAction.ACKNOWLEDGE in ALARM.actions(state, AlarmParty.STAFF)


def test_the_page_shows_this_table() -> None:
    page = (Path(__file__).parents[3] / "docs" / "ctg-alarms.md").read_text("utf-8")
    assert ALARM.mermaid() in page
