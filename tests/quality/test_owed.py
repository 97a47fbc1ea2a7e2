"""One form for measures of reviews and actions of meetings: who owes it does not judge it away."""

import pytest

from kernel.states import StateTable
from quality.actions.states import ACTION
from quality.owed import OwedState
from quality.reviews.states import MEASURE, Side

TABLES = pytest.mark.parametrize("table", [ACTION, MEASURE], ids=lambda one: one.name)


@TABLES
def test_it_is_done_before_it_is_verified_and_stays_verified(table: StateTable) -> None:  # type: ignore[type-arg]
    shape = {(state, edge.to) for state, _, edge in table}
    assert shape == {
        (OwedState.OPEN, OwedState.DONE),
        (OwedState.OPEN, OwedState.DROPPED),
        (OwedState.DONE, OwedState.VERIFIED),
        (OwedState.DONE, OwedState.OPEN),
    }
    assert table.final == {OwedState.VERIFIED, OwedState.DROPPED}


def test_an_owner_of_a_measure_reports_it_and_nothing_more() -> None:
    owner = [str(action) for _, action, edge in MEASURE if Side.OWNER in edge.actors]
    assert owner == ["report"]
