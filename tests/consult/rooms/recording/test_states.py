"""What one may say about being recorded: every answer, every action."""

import pytest

from consult.rooms.recording.states import ANSWER, Answer, AnswerAction
from kernel.errors import IllegalTransition

LEGAL = {
    (Answer.UNASKED, AnswerAction.AGREE): Answer.AGREED,
    (Answer.UNASKED, AnswerAction.REFUSE): Answer.REFUSED,
    (Answer.AGREED, AnswerAction.WITHDRAW): Answer.WITHDRAWN,
}


@pytest.mark.parametrize("action", AnswerAction)
@pytest.mark.parametrize("state", Answer)
def test_every_pair_is_in_the_table_or_refused(state: Answer, action: AnswerAction) -> None:
    if (state, action) in LEGAL:
        assert ANSWER.edge(state, action).to is LEGAL[state, action]
    else:
        with pytest.raises(IllegalTransition):
            ANSWER.edge(state, action)
