"""The only module that reads the machine's clock.

Everything else takes a `Clock` (or a moment) as an argument, so that tests and the demo region can
move time without sleeping. The order of a case's events is its `seq`, never a clock.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class DeviceTime:
    """What a device's clock said, kept raw beside the result of the four-timestamp exchange.

    `clock_offset_ms` is what must be added to the device's time to get the server's.
    """

    at: datetime
    clock_offset_ms: int | None = None
    rtt_ms: int | None = None


@runtime_checkable
class Clock(Protocol):
    """Where "now" comes from; always aware, always UTC."""

    @property
    def simulated(self) -> bool:
        """True when moments are made up (demo, tests): events then say so for ever."""
        ...

    @property
    def device(self) -> DeviceTime | None:
        """What a device's clock said of the fact at hand, if a device stamped it."""
        ...

    def now(self) -> datetime:
        """The present moment."""
        ...


class SystemClock:
    """The machine's clock."""

    simulated = False
    device: DeviceTime | None = None

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251


class SimulatedClock:
    """A clock that moves only when told to."""

    simulated = True
    device: DeviceTime | None = None

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


class StampedClock:
    """Another clock's present, for a fact that a device stamped earlier by its own clock."""

    def __init__(self, inner: Clock, device: DeviceTime) -> None:
        self._inner = inner
        self.device: DeviceTime | None = device

    @property
    def simulated(self) -> bool:
        return self._inner.simulated

    def now(self) -> datetime:
        return self._inner.now()
