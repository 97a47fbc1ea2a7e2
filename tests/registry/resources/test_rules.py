"""What is counted, how long a count is believed, whom a declared diversion turns away."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from registry.resources.rules import CATALOGUE, Closure, closed_to, standing

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
HOUSE = UUID(int=7)
kinds = st.sampled_from(sorted(CATALOGUE.kinds))
ages = st.timedeltas(timedelta(0), timedelta(days=3))


@given(kinds, ages)
def test_a_count_is_current_up_to_its_limit_and_stale_beyond(kind: str, age: timedelta) -> None:
    limit = CATALOGUE.kinds[kind].stale_after
    assert standing(kind, NOW - age, NOW) == ("current" if age <= limit else "stale")
    assert standing(kind, None, NOW) == "never"


def test_what_is_no_longer_counted_is_stale() -> None:
    assert standing("iron_lung", NOW, NOW) == "stale"


def test_blood_is_counted_by_group_and_a_bed_is_not() -> None:
    assert CATALOGUE.known("red_cells", "O-")
    assert not CATALOGUE.known("red_cells", "")
    assert CATALOGUE.known("icu_bed", "")
    assert not CATALOGUE.known("icu_bed", "O-")
    assert not CATALOGUE.known("iron_lung", "")


def test_the_catalogue_says_where_it_comes_from_and_that_nobody_has_confirmed_it() -> None:
    assert CATALOGUE.status == "待核实"
    assert CATALOGUE.confidence == "I"
    assert {kind.hold for kind in CATALOGUE.kinds.values()} >= {
        "maternal_bed",
        "icu_bed",
        "neonatal_cot",
        "theatre",
    }
    assert CATALOGUE.kind_of_hold("neonatal_cot") == "nicu_cot"
    assert CATALOGUE.kind_of_hold("blood") is None


def _closure(scope: str, condition: str | None = None, **more: object) -> Closure:
    return Closure(HOUSE, scope, condition, NOW + timedelta(hours=1), **more)  # type: ignore[arg-type]


def test_a_diversion_turns_away_whom_it_names() -> None:
    for scope, condition, part, closed in (
        ("all", None, "maternal", True),
        ("all", None, "neonatal", True),
        ("maternal", None, "neonatal", False),
        ("neonatal", None, "neonatal", True),
        ("condition", "pph", "maternal", True),
        ("condition", "eclampsia", "maternal", False),
    ):
        found = closed_to([_closure(scope, condition)], "pph", part, NOW)  # type: ignore[arg-type]
        assert (found is not None) == closed, (scope, condition, part)


@given(st.timedeltas(timedelta(hours=-2), timedelta(hours=2)))
def test_a_diversion_runs_out_by_itself(later: timedelta) -> None:
    one = _closure("all")
    assert one.live(NOW + later) == (later < timedelta(hours=1))
    assert not _closure("all", ended_at=NOW).live(NOW)
