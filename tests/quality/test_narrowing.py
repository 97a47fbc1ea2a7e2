"""A statement has the conditions of what is asked for, and none of what is not."""

from quality.narrowing import if_given, narrowed
from quality.sources import SOURCES

HOUSE = if_given("facility", "t.house = :facility")
REGION = if_given("region", "t.region = :region")
STATEMENT = f"SELECT 1 FROM t WHERE {HOUSE} AND {REGION}"


def test_what_is_not_asked_for_is_no_condition() -> None:
    assert narrowed(STATEMENT, {"facility": None, "region": None}) == (
        "SELECT 1 FROM t WHERE true AND true"
    )
    assert narrowed(STATEMENT, {"facility": "f", "region": None}) == (
        "SELECT 1 FROM t WHERE (t.house = :facility) AND true"
    )


def test_a_houses_cases_are_looked_up_and_not_looked_for() -> None:
    where = narrowed(SOURCES["cases"].where, {"facility": "f", "region": None})
    assert "fact_cases_at(:facility)" in where
    assert "IS NULL OR" not in where
    assert ":region" not in where
