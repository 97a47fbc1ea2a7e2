"""The rules as data, the scoring, the tables: without a database."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from kernel.errors import IllegalTransition
from kernel.states import StateTable
from quality.rounds import scoring
from quality.rounds.rules import deadlines, is_whole_year, rules
from quality.rounds.scoring import Band, Proportion, Slope
from quality.rounds.states import ENTRY, ROUND, TASK, VISIT, EntryAction, EntryState, Side


def test_deadlines_are_those_of_the_scheme_in_the_year_after() -> None:
    known = deadlines(2026, rules().deadlines)
    assert known == {"self_check": date(2027, 1, 31), "assessment": date(2027, 6, 30)}
    assert not any(one.to_be_verified for one in rules().deadlines)


def test_no_on_site_item_of_the_release_passes_for_official() -> None:
    assert rules().on_site
    assert all(one.to_be_verified for one in rules().on_site)


@pytest.mark.parametrize(
    ("start", "end", "whole"),
    [
        (datetime(2025, 12, 31, 16, tzinfo=UTC), datetime(2026, 12, 31, 16, tzinfo=UTC), True),
        (datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC), False),
        (datetime(2025, 12, 31, 16, tzinfo=UTC), datetime(2026, 11, 30, 16, tzinfo=UTC), False),
    ],
)
def test_a_year_is_whole_in_china(start: datetime, end: datetime, whole: bool) -> None:
    assert is_whole_year(start, end) is whole


@pytest.mark.parametrize(
    ("method", "value", "fraction"),
    [
        (Band(low=95), 95, 1.0),
        (Band(low=95), 94.9, 0.0),
        (Band(low=2, high=4), 4.1, 0.0),
        (Slope(zero=1800, full=600), 600, 1.0),
        (Slope(zero=1800, full=600), 1200, 0.5),
        (Slope(zero=1800, full=600), 3600, 0.0),
        (Slope(zero=0, full=10), 12, 1.0),
        (Proportion(floor=95, full=100), 94.99, 0.0),
        (Proportion(floor=95, full=100), 97, 0.97),
        (Proportion(floor=95, full=100), 100, 1.0),
    ],
)
def test_a_method_gives_a_fraction(
    method: Band | Slope | Proportion, value: float, fraction: float
) -> None:
    assert method.fraction(value) == pytest.approx(fraction)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Band(),
        lambda: Band(low=3, high=2),
        lambda: Slope(zero=1, full=1),
        lambda: Proportion(floor=5, full=5),
    ],
)
def test_a_method_that_measures_nothing_is_none(make: object) -> None:
    with pytest.raises(ValueError, match=r"a band|a slope|a floor"):
        make()  # type: ignore[operator]


def test_what_has_no_data_is_not_scaled_away() -> None:
    sheet = [
        scoring.score("a", 10, 0.3333),
        scoring.score("b", 5, 1.0),
        scoring.score("c", 4, None),
    ]
    told = scoring.total(sheet)
    assert (told.points, told.of, told.without) == (Decimal("8.33"), Decimal(15), Decimal(4))
    assert scoring.mean([told, scoring.total([])]) == Decimal("55.53")
    assert scoring.mean([scoring.total([])]) is None


@pytest.mark.parametrize("table", [ROUND, ENTRY, VISIT, TASK], ids=lambda one: one.name)
def test_every_state_is_reached_and_every_other_edge_is_refused(
    table: StateTable[object, object, Side],  # type: ignore[type-var]
) -> None:
    edges = {(state, action) for state, action, _ in table}
    states, actions = type(table.initial), type(next(iter(table))[1])
    reached = {table.initial} | {edge.to for _, _, edge in table}
    assert reached == set(states)  # type: ignore[call-overload]
    for state in states:  # type: ignore[attr-defined]
        for action in actions:  # type: ignore[attr-defined]
            if (state, action) not in edges:
                with pytest.raises(IllegalTransition):
                    table.edge(state, action)


def test_a_centre_never_judges_itself() -> None:
    judging = {EntryAction.ASSESS_CITY, EntryAction.ASSESS_OWNER, EntryAction.FEEDBACK}
    for state in EntryState:
        assert judging.isdisjoint(ENTRY.actions(state, Side.CENTRE))


@pytest.mark.parametrize("table", [ROUND, ENTRY, VISIT, TASK], ids=lambda one: one.name)
def test_the_docs_show_the_tables(table: StateTable[object, object, Side]) -> None:  # type: ignore[type-var]
    shown = Path(__file__).parents[3] / "docs" / "assessment.md"
    assert table.mermaid() in shown.read_text("utf-8")
