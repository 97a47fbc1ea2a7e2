"""Oxygen, estimates, corrected clocks, and the order in which entries run."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral.links.rules import (
    DATA,
    Fix,
    corrected,
    distance_km,
    estimate,
    is_prompt,
    oxygen_needed_l,
    runnable,
    trusted_offset_ms,
)

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
places = st.tuples(st.floats(-89, 89), st.floats(-179, 179))


def test_oxygen_lasts_the_trip_and_half_an_hour_more() -> None:
    assert oxygen_needed_l(10, 90) == 1200
    assert DATA.oxygen.margin_min == 30


def test_a_degree_of_latitude_is_111_km() -> None:
    assert distance_km((30, 110), (31, 110)) == pytest.approx(111.2, abs=0.1)


@given(places, places)
def test_distances_are_symmetrical_and_bounded(
    a: tuple[float, float], b: tuple[float, float]
) -> None:
    assert distance_km(a, b) == pytest.approx(distance_km(b, a))
    assert 0 <= distance_km(a, b) <= 20_016


def test_without_a_position_there_is_no_estimate() -> None:
    assert estimate([], (30, 110)) is None


def test_one_fix_gives_an_estimate_at_the_usual_speed() -> None:
    found = estimate([Fix(NOW, (31.0, 110.0))], (30.0, 110.0))
    assert found is not None
    rule = DATA.position
    hours = found.distance_km * rule.road_factor / rule.fallback_kmh
    assert found.eta == NOW + timedelta(hours=hours)
    assert not found.near


@given(st.lists(st.tuples(st.integers(0, 3000), places), min_size=1, max_size=20), places)
def test_an_estimate_is_never_in_the_past_of_its_fix(
    raw: list[tuple[int, tuple[float, float]]], end: tuple[float, float]
) -> None:
    fixes = [Fix(NOW + timedelta(seconds=s), place) for s, place in raw]
    found = estimate(fixes, end)
    assert found is not None
    assert found.eta >= max(fix.at for fix in fixes)
    assert found.speed_kmh >= DATA.position.slowest_kmh


def test_standing_at_the_door_is_near() -> None:
    found = estimate([Fix(NOW, (30.001, 110.0))], (30.0, 110.0))
    assert found is not None
    assert found.near


@given(st.integers(-(10**12), 10**12), st.integers(-(10**9), 10**9))
def test_no_device_moves_a_fact_into_the_future(offset_ms: int, late_s: int) -> None:
    at = NOW - timedelta(seconds=late_s)
    assert corrected(at, offset_ms, NOW) <= NOW


def test_a_measured_offset_counts_while_it_is_believable() -> None:
    assert trusted_offset_ms(NOW - timedelta(seconds=5), 4_900, NOW) == 4_900
    assert trusted_offset_ms(NOW - timedelta(seconds=5), 999_999_999, NOW) == 5_000
    assert trusted_offset_ms(NOW - timedelta(seconds=5), None, NOW) == 5_000


def test_what_is_sent_at_once_is_prompt() -> None:
    assert is_prompt(NOW - timedelta(seconds=DATA.sync.prompt_s), NOW)
    assert not is_prompt(NOW - timedelta(seconds=DATA.sync.prompt_s + 1), NOW)


@given(
    st.integers(1, 12).flatmap(
        lambda total: st.tuples(
            st.just(total),
            st.lists(st.lists(st.integers(1, total), max_size=6), max_size=12),
        )
    )
)
def test_any_batches_run_every_entry_once_and_in_order(
    story: tuple[int, list[list[int]]],
) -> None:
    total, batches = story
    ran: list[int] = []
    known: set[int] = set()
    settled = 0
    for batch in [*batches, list(range(1, total + 1))]:  # the phone keeps sending until told
        known |= set(batch)
        now = runnable(settled, known - set(ran))
        ran += now
        settled += len(now)
    assert ran == list(range(1, total + 1))


def test_every_rule_of_the_road_has_a_source() -> None:
    for item in (*DATA.kit, *DATA.documents, *DATA.oxygen.cylinders):
        assert item.source
    assert len({item.code for item in DATA.kit}) == len(DATA.kit)
    assert len({item.code for item in DATA.documents}) == len(DATA.documents)
