"""The table of a child's life, every legal and illegal edge, and the pauses between lives."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from kernel.errors import IllegalTransition
from server.supervisor.lives import (
    BACKOFF_S,
    CRASHED_AFTER,
    LIVES,
    STABLE,
    Child,
    Life,
    Turn,
)

T0 = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
LEGAL = {(state, turn): edge.to for state, turn, edge in LIVES}


@pytest.mark.parametrize("state", list(Life))
@pytest.mark.parametrize("turn", list(Turn))
def test_only_the_tables_edges_exist(state: Life, turn: Turn) -> None:
    child = Child("x", life=state)
    if (state, turn) in LEGAL:
        assert child.turn(turn, T0).life is LEGAL[state, turn]
    else:
        with pytest.raises(IllegalTransition):
            child.turn(turn, T0)


def test_every_state_can_be_stopped() -> None:
    for state in Life:
        if state not in {Life.STOPPED, Life.STOPPING}:
            assert Turn.STOP in LIVES.actions(state)


def _fail(child: Child, at: datetime, *, ran: timedelta) -> Child:
    child = child.started(7, 1.0, at).turn(Turn.ANSWER, at)
    return child.ended(-9, at + ran)


def test_pauses_grow_to_the_last_and_stay() -> None:
    child, pauses = Child("x"), []
    for _ in range(len(BACKOFF_S) + 3):
        child = _fail(child, T0, ran=timedelta(seconds=1))
        pauses.append(child.pause_s)
    assert tuple(pauses[: len(BACKOFF_S)]) == BACKOFF_S
    assert set(pauses[len(BACKOFF_S) :]) == {BACKOFF_S[-1]}
    assert all(earlier < later for earlier, later in pairwise(BACKOFF_S))


def test_a_stable_run_starts_again_from_the_shortest_pause() -> None:
    child = Child("x")
    for _ in range(3):
        child = _fail(child, T0, ran=timedelta(seconds=1))
    assert child.pause_s == BACKOFF_S[2]
    nearly = _fail(child, T0, ran=STABLE - timedelta(milliseconds=1))
    assert nearly.pause_s == BACKOFF_S[3]
    assert _fail(child, T0, ran=STABLE).pause_s == BACKOFF_S[0]


def test_many_ends_in_a_row_are_called_crashed_and_still_restarted() -> None:
    child = Child("x")
    for number in range(1, CRASHED_AFTER + 1):
        child = _fail(child, T0, ran=timedelta(0))
        assert child.life is (Life.CRASHED if number == CRASHED_AFTER else Life.RESTARTING)
    again = child.started(8, 1.0, T0)
    assert again.life is Life.STARTING
    assert again.restarts == CRASHED_AFTER
    assert again.last_exit == -9


def test_a_slow_start_is_not_a_stable_run() -> None:
    child = Child("x").started(7, 1.0, T0)
    assert child.ended(1, T0 + STABLE * 2).failures == 1
    twice = child.ended(1, T0 + STABLE).started(8, 1.0, T0).ended(1, T0 + STABLE * 2)
    assert twice.failures == 2
