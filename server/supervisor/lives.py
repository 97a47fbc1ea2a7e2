"""The life of a supervised child as a table, and how long to wait before the next one. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from kernel.states import Edge, StateTable

BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Pause before the n-th restart in a row; the last one repeats for ever."""

STABLE = timedelta(seconds=60)
"""A child that has run so long starts again from the shortest pause."""

CRASHED_AFTER = 4
"""So many ends in a row are shown as crashed. It is still started again."""


class Life(StrEnum):
    """States of a child."""

    WAITING = "waiting"
    STARTING = "starting"
    RUNNING = "running"
    RESTARTING = "restarting"
    CRASHED = "crashed"
    STOPPING = "stopping"
    STOPPED = "stopped"
    DONE = "done"


class Turn(StrEnum):
    """What happens to a child."""

    START = "start"
    ANSWER = "answer"
    FINISH = "finish"
    FAIL = "fail"
    FAIL_AGAIN = "fail_again"
    STOP = "stop"
    END = "end"


class Side(StrEnum):
    """Who makes it happen."""

    SUPERVISOR = "supervisor"
    CHILD = "child"


def _by(side: Side, to: Life) -> Edge[Life, Side]:
    return Edge(to, frozenset({side}))


LIVES: StateTable[Life, Turn, Side] = StateTable(
    "child",
    initial=Life.WAITING,
    final=(Life.STOPPED,),
    edges={
        (Life.WAITING, Turn.START): _by(Side.SUPERVISOR, Life.STARTING),
        (Life.WAITING, Turn.STOP): _by(Side.SUPERVISOR, Life.STOPPED),
        (Life.STARTING, Turn.ANSWER): _by(Side.CHILD, Life.RUNNING),
        (Life.STARTING, Turn.FINISH): _by(Side.CHILD, Life.DONE),
        (Life.STARTING, Turn.FAIL): _by(Side.CHILD, Life.RESTARTING),
        (Life.STARTING, Turn.FAIL_AGAIN): _by(Side.CHILD, Life.CRASHED),
        (Life.STARTING, Turn.STOP): _by(Side.SUPERVISOR, Life.STOPPING),
        (Life.RUNNING, Turn.FAIL): _by(Side.CHILD, Life.RESTARTING),
        (Life.RUNNING, Turn.FAIL_AGAIN): _by(Side.CHILD, Life.CRASHED),
        (Life.RUNNING, Turn.STOP): _by(Side.SUPERVISOR, Life.STOPPING),
        (Life.RESTARTING, Turn.START): _by(Side.SUPERVISOR, Life.STARTING),
        (Life.RESTARTING, Turn.STOP): _by(Side.SUPERVISOR, Life.STOPPED),
        (Life.CRASHED, Turn.START): _by(Side.SUPERVISOR, Life.STARTING),
        (Life.CRASHED, Turn.STOP): _by(Side.SUPERVISOR, Life.STOPPED),
        (Life.STOPPING, Turn.END): _by(Side.CHILD, Life.STOPPED),
        (Life.DONE, Turn.STOP): _by(Side.SUPERVISOR, Life.STOPPED),
    },
)


@dataclass(frozen=True, slots=True)
class Child:
    """What is known about one child.

    `failures` counts ends in a row without a stable run between; `restarts` counts all.
    `last_exit` is a return code, negative for a signal.
    """

    name: str
    life: Life = LIVES.initial
    since: datetime | None = None
    pid: int | None = None
    born: float | None = None
    failures: int = 0
    restarts: int = 0
    last_exit: int | None = None

    def turn(self, turn: Turn, at: datetime) -> "Child":
        """Move along the table."""
        return replace(self, life=LIVES.edge(self.life, turn).to, since=at)

    def started(self, pid: int, born: float | None, at: datetime) -> "Child":
        """A process was made; `born` is its start time in seconds since the epoch."""
        again = self.restarts + (self.life is not Life.WAITING)
        return replace(self.turn(Turn.START, at), pid=pid, born=born, restarts=again)

    def ended(self, code: int, at: datetime) -> "Child":
        """The process ended though nobody asked it to."""
        stable = self.life is Life.RUNNING and self.since is not None and at - self.since >= STABLE
        failures = 1 if stable else self.failures + 1
        turn = Turn.FAIL_AGAIN if failures >= CRASHED_AFTER else Turn.FAIL
        ended = self.turn(turn, at)
        return replace(ended, pid=None, born=None, failures=failures, last_exit=code)

    def stopped(self, code: int | None, at: datetime) -> "Child":
        """The process is gone because it was asked to go."""
        ended = self.turn(Turn.END, at)
        return replace(ended, pid=None, born=None, last_exit=code)

    @property
    def pause_s(self) -> float:
        """Seconds to wait before the next start."""
        return BACKOFF_S[min(self.failures, len(BACKOFF_S)) - 1] if self.failures else 0.0
