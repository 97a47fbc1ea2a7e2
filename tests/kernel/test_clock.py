"""Time moves only when told to, and never backwards by accident."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from kernel.clock import SimulatedClock, SystemClock

NIGHT = datetime(2026, 11, 22, 3, 7, tzinfo=UTC)


def test_system_clock_is_aware_and_real() -> None:
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    assert clock.simulated is False


def test_simulated_clock_stands_still_until_advanced() -> None:
    clock = SimulatedClock(NIGHT)
    assert clock.now() == clock.now() == NIGHT
    assert clock.advance(timedelta(minutes=3)) == NIGHT + timedelta(minutes=3)
    assert clock.simulated is True


def test_simulated_clock_refuses_to_run_backwards() -> None:
    with pytest.raises(ValueError, match="backwards"):
        SimulatedClock(NIGHT).advance(timedelta(seconds=-1))


def test_naive_moments_are_refused() -> None:
    naive = datetime(2026, 11, 22, 3, 7)  # noqa: DTZ001
    with pytest.raises(ValueError, match="aware"):
        SimulatedClock(naive)
    with pytest.raises(ValueError, match="aware"):
        SimulatedClock(NIGHT).set(naive)


def test_other_zones_become_utc() -> None:
    shanghai = timezone(timedelta(hours=8))
    clock = SimulatedClock(datetime(2026, 11, 22, 11, 7, tzinfo=shanghai))
    assert clock.now() == NIGHT
    assert clock.now().tzinfo is UTC
