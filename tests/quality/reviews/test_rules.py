"""The rules of reviews: dates, codes that the database takes, sources."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import pytest

from kernel.states import StateTable
from quality.owed import OwedState
from quality.reviews.rules import RULES
from quality.reviews.states import MEASURE, REVIEW, ReviewState
from referral.aftermath.deadlines import DEADLINES


@pytest.mark.parametrize(
    ("level", "at", "due"),
    [
        ("facility", datetime(2026, 11, 22, tzinfo=UTC), datetime(2027, 1, 30, 16, tzinfo=UTC)),
        ("facility", datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 4, 30, 16, tzinfo=UTC)),
        # 23:59 on 30 June in Beijing, and a minute later.
        (
            "county",
            datetime(2026, 6, 30, 15, 59, tzinfo=UTC),
            datetime(2026, 7, 30, 16, tzinfo=UTC),
        ),
        ("county", datetime(2026, 6, 30, 16, tzinfo=UTC), datetime(2027, 1, 30, 16, tzinfo=UTC)),
    ],
)
def test_a_near_miss_is_reviewed_within_its_period_and_the_grace(
    level: str, at: datetime, due: datetime
) -> None:
    cadence = RULES.cadence_of("near_miss", level)
    assert cadence is not None
    assert cadence.due(at) == due


def test_deaths_have_their_limits_from_the_rules_after_a_death() -> None:
    assert {one.step for one in RULES.levels} < set(DEADLINES.steps)
    assert RULES.cadence_of("maternal_death", "facility") is None


def test_every_rule_says_where_it_comes_from_and_the_unseen_are_marked() -> None:
    sourced = [
        *RULES.cadence, *RULES.recusal, *RULES.conclusions, *RULES.delays, *RULES.causes,
        *RULES.dismissals, RULES.quorum, RULES.voting, RULES.grace, RULES.grid,
    ]  # fmt: skip
    assert all(one.source for one in sourced)
    assert {one.to_be_verified for one in RULES.cadence} == {False}
    assert all(one.to_be_verified for one in (RULES.quorum, RULES.grid, *RULES.causes))
    assert len(RULES.grid.links) * len(RULES.grid.aspects) == 12


@pytest.mark.parametrize("kind", [one.code for one in RULES.kinds])
def test_each_kind_has_conclusions_and_causes(kind: str) -> None:
    assert len(RULES.conclusions_of(kind)) >= 2
    assert RULES.causes_of(kind)


@pytest.mark.parametrize(("table", "states"), [(REVIEW, ReviewState), (MEASURE, OwedState)])
def test_every_state_is_reached_and_only_final_ones_end(
    table: StateTable[Any, Any, Any], states: type[StrEnum]
) -> None:
    reached = {edge.to for _, _, edge in table} | {table.initial}
    assert reached == set(states)
    assert set(states) - {state for state, _, _ in table} == set(table.final)
