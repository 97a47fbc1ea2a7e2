"""Every edge of a proposal, legal and illegal."""

import pytest

from kernel.errors import IllegalTransition
from registry.risk.states import GRADE, GradeAction, Grader, GradeState

LEGAL = {
    (GradeState.PROPOSED, GradeAction.CONFIRM): GradeState.CONFIRMED,
    (GradeState.PROPOSED, GradeAction.OVERRIDE): GradeState.OVERRIDDEN,
    (GradeState.PROPOSED, GradeAction.WITHDRAW): GradeState.WITHDRAWN,
}


@pytest.mark.parametrize("state", list(GradeState))
@pytest.mark.parametrize("action", list(GradeAction))
def test_every_edge(state: GradeState, action: GradeAction) -> None:
    if (state, action) in LEGAL:
        assert GRADE.edge(state, action).to is LEGAL[state, action]
    else:
        with pytest.raises(IllegalTransition):
            GRADE.edge(state, action)


def test_a_person_never_withdraws_and_the_platform_never_decides() -> None:
    assert GRADE.actions(GradeState.PROPOSED, Grader.PERSON) == [
        GradeAction.CONFIRM,
        GradeAction.OVERRIDE,
    ]
    assert GRADE.actions(GradeState.PROPOSED, Grader.PLATFORM) == [GradeAction.WITHDRAW]
