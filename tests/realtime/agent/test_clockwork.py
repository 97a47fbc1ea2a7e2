"""Seconds keep to the wall clock, whatever the device does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.agent.clockwork import Clockwork
from realtime.agent.samples import SILENT, Sample

S = 1_000_000_000
START_NS = 1_700_000_000 * S
FOUR = [Sample(fhr1=560)] * 4


def wall(now_s: float) -> int:
    return START_NS + round(now_s * S)


def test_a_steady_device_makes_a_second_a_second() -> None:
    clock = Clockwork()
    made = [timed for n in range(1, 61) for timed in clock.add(FOUR, n, wall(n))]
    assert [timed.device_ns for timed in made] == [wall(n) for n in range(60)]
    assert clock.tick(60.5, wall(60.5)) == []


def test_silence_becomes_lost_seconds_and_speech_goes_on_in_time() -> None:
    clock = Clockwork()
    clock.add(FOUR, 1.0, wall(1.0))
    made = [t for n in range(5, 121) for t in clock.tick(n / 4, wall(n / 4))]
    assert {timed.second for timed in made} == {SILENT}
    assert len(made) == 27
    moments = [timed.device_ns for timed in made]
    assert moments == sorted(set(moments))
    made += clock.add(FOUR, 31.0, wall(31.0))
    assert made[-1].second[0].fhr1 == 560
    assert abs(made[-1].device_ns - wall(30.0)) <= 1.5 * S


def test_half_a_second_before_silence_is_not_thrown_away() -> None:
    clock = Clockwork()
    clock.add([*FOUR, Sample(fhr1=500)], 1.0, wall(1.0))
    made = clock.tick(5.0, wall(5.0))
    assert [sample.fhr1 for sample in made[0].second] == [500, 0, 0, 0]


def test_a_burst_from_a_cables_memory_has_no_place() -> None:
    clock = Clockwork()
    clock.add(FOUR, 1.0, wall(1.0))
    made = clock.add(FOUR * 60, 2.0, wall(2.0))
    assert len(made) <= 8
    assert clock.misplaced == 4 * (60 - len(made))


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), max_size=60))
def test_moments_never_go_back_however_bytes_are_held_up(bursts: list[tuple[int, int]]) -> None:
    clock = Clockwork()
    now_s, made = 1.0, clock.add(FOUR, 1.0, wall(1.0))
    for wait_quarters, seconds in bursts:
        for _ in range(wait_quarters):
            now_s += 0.25
            made += clock.tick(now_s, wall(now_s))
        made += clock.add(FOUR * seconds, now_s, wall(now_s))
        assert abs(made[-1].device_ns + S - wall(now_s)) <= 7.5 * S
    moments = [timed.device_ns for timed in made]
    assert moments == sorted(set(moments))


def test_what_was_held_up_keeps_its_moments() -> None:
    clock = Clockwork()
    made = [timed for n in range(1, 4) for timed in clock.add(FOUR, n, wall(n))]
    made += clock.add(FOUR * 2, 5.9, wall(5.9))  # a converter sent two seconds at once
    assert [timed.device_ns for timed in made] == [wall(n) for n in range(5)]


def test_the_rate_is_that_of_the_last_seconds() -> None:
    clock = Clockwork()
    assert clock.rate(0.0) == 0.0
    for n in range(1, 31):
        clock.add(FOUR, n, wall(n))
    assert clock.rate(30.0) == 4.0
    assert clock.rate(60.0) == 0.0


@pytest.mark.parametrize("pace", [2, 8, 40])
def test_a_device_that_speaks_too_fast_is_counted_and_held_to_time(pace: int) -> None:
    clock = Clockwork()
    made = [timed for n in range(1, 121) for timed in clock.add(FOUR * pace, n, wall(n))]
    assert 120 <= len(made) <= 127
    assert clock.misplaced == 4 * (120 * pace - len(made))
    assert abs(made[-1].device_ns - wall(119)) <= 7 * S


@pytest.mark.parametrize("by_s", [300, 3_600, -300, -3_600])
def test_a_wall_clock_that_is_set_moves_moments_and_makes_no_seconds(by_s: int) -> None:
    clock = Clockwork()
    made = [timed for n in range(1, 11) for timed in clock.add(FOUR, n, wall(n))]
    made += [timed for n in range(11, 21) for timed in clock.add(FOUR, n, wall(n + by_s))]
    assert len(made) == 20
    assert [timed.device_ns for timed in made[10:]] == [wall(n - 1 + by_s) for n in range(11, 21)]


@given(st.floats(0.995, 1.005), st.integers(600, 3_000))
def test_a_fast_or_slow_crystal_is_followed(pace: float, seconds: int) -> None:
    clock = Clockwork()
    stamps = []
    for n in range(1, seconds):
        now_s = n * pace
        for timed in [*clock.tick(now_s, wall(now_s)), *clock.add(FOUR, now_s, wall(now_s))]:
            assert timed.second != SILENT
            stamps.append(timed.device_ns)
            assert abs(timed.device_ns + S - wall(now_s)) <= 1.5 * S
    assert len(stamps) + clock.misplaced // 4 == seconds - 1


def test_a_wall_clock_that_jumps_makes_no_seconds() -> None:
    clock = Clockwork()
    clock.add(FOUR, 1.0, wall(1.0))
    assert clock.tick(2.0, wall(3_600.0)) == []
    made = clock.add(FOUR, 2.0, wall(3_601.0))
    assert [timed.device_ns for timed in made] == [wall(3_600.0)]
