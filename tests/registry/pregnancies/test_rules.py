"""Dates, ages, numbers, names."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.pregnancies.rules import (
    age_years,
    birth_date_for_age,
    birth_date_of_id_card,
    check_digit,
    edd_from_gestation,
    edd_from_lmp,
    gestation_days,
    identifier_kind,
    normal_identifier,
    short_name,
)

DAYS = st.dates(date(2000, 1, 1), date(2060, 12, 31))


def test_a_term_pregnancy() -> None:
    lmp = date(2026, 2, 20)
    edd = edd_from_lmp(lmp)
    assert edd == date(2026, 11, 27)
    assert gestation_days(edd, lmp) == 0
    assert gestation_days(edd, date(2026, 11, 22)) == 39 * 7 + 2
    assert gestation_days(None, date(2026, 11, 22)) is None


@given(DAYS, st.integers(0, 320), st.integers(-100, 100))
def test_gestation_runs_with_the_calendar(on: date, days: int, later: int) -> None:
    edd = edd_from_gestation(days, on)
    assert gestation_days(edd, on) == days
    assert gestation_days(edd, on + timedelta(days=later)) == days + later


@given(DAYS, st.integers(8, 70))
def test_an_age_comes_back_as_told(on: date, age: int) -> None:
    assert age_years(birth_date_for_age(age, on), on) == age


def test_age_changes_on_the_birthday() -> None:
    born = date(1990, 6, 15)
    assert age_years(born, date(2026, 6, 14)) == 35
    assert age_years(born, date(2026, 6, 15)) == 36
    assert age_years(None, date(2026, 6, 15)) is None


def test_the_check_digit_of_the_standard() -> None:
    # The two examples printed in GB 11643-1999.
    assert check_digit("11010519491231002") == "X"
    assert check_digit("44052418800101001") == "4"


@pytest.mark.parametrize(
    ("number", "born"),
    [
        ("11010519491231002X", date(1949, 12, 31)),
        ("440524188001010014", date(1880, 1, 1)),
        ("110105194912310021", None),
        ("99010119900231000" + check_digit("99010119900231000"), None),
    ],
)
def test_birth_dates_in_numbers(number: str, born: date | None) -> None:
    assert birth_date_of_id_card(number) == born


def test_numbers_are_normalised_and_told_apart() -> None:
    assert normal_identifier(" 110105 19491231-002x ") == "11010519491231002X"
    assert identifier_kind("11010519491231002X") == "id_card"
    assert identifier_kind("E12345678") == "other"


@pytest.mark.parametrize(
    ("name", "short"),
    [("", ""), ("王", "王"), ("王五", "王*"), ("王小明", "王*明"), ("阿依古丽", "阿**丽")],
)
def test_short_names(name: str, short: str) -> None:
    assert short_name(name) == short
