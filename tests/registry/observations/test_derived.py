"""Computed values: only from readings that belong together."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.observations.derived import FORMULAS, Sample, derive, inputs_of, newest

AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def _at(minutes: float, **values: float) -> list[Sample]:
    moment = AT + timedelta(minutes=minutes)
    return [Sample(code, value, moment) for code, value in values.items()]


def _values(samples: list[Sample]) -> dict[str, float]:
    return {code: float(one.value) for code, one in newest(derive(samples)).items()}


def test_mean_arterial_pressure_needs_both_of_one_reading() -> None:
    assert _values(_at(0, sbp_mmhg=120, dbp_mmhg=60)) == {"map_mmhg": 80}
    later = _at(0, sbp_mmhg=120, dbp_mmhg=60) + _at(5, sbp_mmhg=80)
    assert newest(derive(later))["map_mmhg"].taken_at == AT
    assert _values(_at(0, sbp_mmhg=120) + _at(1, dbp_mmhg=60)) == {}


@pytest.mark.parametrize(("apart", "found"), [(15, True), (15.1, False)])
def test_shock_index_of_readings_near_each_other(apart: float, found: bool) -> None:
    values = _values(_at(0, sbp_mmhg=80) + _at(apart, hr_per_min=120))
    assert values == ({"shock_index": 1.5} if found else {})


def test_no_pressure_no_index() -> None:
    assert _values(_at(0, sbp_mmhg=0, hr_per_min=0)) == {}


def test_body_mass_index() -> None:
    assert _values(_at(0, weight_kg=64, height_cm=160))["bmi_kg_per_m2"] == pytest.approx(25)


def test_a_trend_of_computed_values() -> None:
    samples = _at(0, sbp_mmhg=120, hr_per_min=60) + _at(30, sbp_mmhg=80, hr_per_min=120)
    assert [float(one.value) for one in derive(samples)] == [0.5, 1.5]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 200)), max_size=8))
def test_the_order_of_arrival_does_not_matter(pairs: list[tuple[int, int]]) -> None:
    moments = dict(pairs)
    samples = [one for m, v in moments.items() for one in _at(m, sbp_mmhg=v, hr_per_min=v)]
    assert derive(samples) == derive(list(reversed(samples)))


def test_inputs() -> None:
    assert inputs_of(["map_mmhg", "temp_c"]) == {"sbp_mmhg", "dbp_mmhg", "temp_c"}
    assert inputs_of(FORMULAS) == {
        "sbp_mmhg",
        "dbp_mmhg",
        "hr_per_min",
        "weight_kg",
        "height_cm",
    }
