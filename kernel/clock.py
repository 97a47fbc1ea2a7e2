"""The only module that reads the machine's clock.

Everything else takes a `Clock` (or a moment) as an argument, so that tests and the demo region can
move time without sleeping. The order of a case's events is its `seq`, never a clock.
"""

from datetime import UTC, datetime, timedelta
from typing import Protocol, runtime_checkable


@runtime_checkable
class Clock(Protocol):
    """Where "now" comes from; always aware, always UTC."""

    @property
    def simulated(self) -> bool:
        """True when moments are made up (demo, tests): events then say so for ever."""
        ...

    def now(self) -> datetime:
        """The present moment."""
        ...


class SystemClock:
    """The machine's clock."""

    simulated = False

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251


class SimulatedClock:
    """A clock that moves only when told to."""

    simulated = True

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock needs an aware datetime")
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> datetime:
        """Move on by `by` (never backwards) and return the new moment."""
        if by < timedelta(0):
            raise ValueError("time does not run backwards")
        self._now += by
        return self._now

    def set(self, to: datetime) -> None:
        """Jump to `to`, forwards or backwards (a new story begins)."""
        if to.tzinfo is None:
            raise ValueError("a clock needs an aware datetime")
        self._now = to.astimezone(UTC)
