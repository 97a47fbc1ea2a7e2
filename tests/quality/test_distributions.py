"""Quantiles as SQL computes them; histograms that lose nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from quality.distributions import MOST_BINS, Distribution, Within, describe
from tests.fixtures.database import Clone
from tests.quality.cases import SYSTEM

DURATIONS = st.lists(st.floats(0, 40 * 86400), min_size=1, max_size=60)


@given(DURATIONS, st.integers(1, 10_000))
def test_nothing_is_lost_and_a_share_has_its_n(durations: list[float], target: int) -> None:
    found = describe(durations, target)
    assert sum(entry.n for entry in found.histogram) == found.n == len(durations)
    assert len(found.histogram) <= MOST_BINS
    assert all(a.to_s == b.from_s for a, b in zip(found.histogram, found.histogram[1:]))  # noqa: B905
    assert found.within_target is not None
    met = sum(value <= target for value in durations)
    assert found.within_target == Within(met, len(durations), met / len(durations))
    assert found.min_s is not None
    assert found.p50_s is not None
    assert found.p90_s is not None
    assert found.max_s is not None
    assert found.min_s <= found.p50_s <= found.p90_s <= found.max_s


def test_an_empty_population_has_no_figures() -> None:
    assert describe([], 60) == Distribution(0, None, None, None, None, [], None)


def test_without_a_target_there_is_no_share() -> None:
    assert describe([1.0]).within_target is None


def test_a_negative_duration_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="never negative"):
        describe([5.0, -0.1])


def test_bins_have_widths_that_people_read() -> None:
    found = describe([10, 70, 130, 3599])
    assert {entry.to_s - entry.from_s for entry in found.histogram} == {300}
    assert [entry.n for entry in found.histogram if entry.n] == [3, 1]


async def test_quantiles_are_those_of_sql(module_database: Clone) -> None:
    durations = [12.5, 700.0, 33.0, 5.0, 5400.25, 60.0, 61.0]
    async with module_database.system.session(SYSTEM) as session:
        row = (
            await session.execute(
                text(
                    "SELECT percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY d)"
                    " FROM unnest(CAST(:durations AS float8[])) d"
                ),
                {"durations": durations},
            )
        ).scalar_one()
    found = describe(durations)
    assert [found.p50_s, found.p90_s] == pytest.approx(row)


def test_published_figures_of_ddi_recompute() -> None:
    """Guangzhou 2021: 92 of 304 class I within 30 min, 74 of 198 class II within 75 min."""
    for met, of, minutes, percent in ((92, 304, 30, 30.3), (74, 198, 75, 37.4)):
        durations = [minutes * 60.0] * met + [minutes * 60.0 + 1] * (of - met)
        within = describe(durations, minutes * 60).within_target
        assert within is not None
        assert (within.n, within.of) == (met, of)
        assert round(within.share * 100, 1) == percent
