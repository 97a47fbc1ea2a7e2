"""What others printed follows from their own counts, or is shown as inconsistent."""

import msgspec
import pytest

from quality.definitions import shipped
from quality.published import Figure, figures, figures_of

MISPRINTED = ("maternal_mortality", 70, 604419)


@pytest.mark.parametrize("figure", figures(), ids=lambda one: f"{one.code}-{one.n}")
def test_a_printed_rate_is_recomputed(figure: Figure) -> None:
    assert figure.consistent == ((figure.code, figure.n, figure.of) != MISPRINTED)


def test_the_misprinted_rate_of_shanghai_is_flagged_with_both_values() -> None:
    (wrong,) = [one for one in figures() if not one.consistent]
    assert (wrong.printed, wrong.recomputed) == ("15.58", "11.58")
    parts = [one for one in figures_of("maternal_mortality") if "Shanghai" in one.source]
    assert sum(one.n for one in parts if one.n != 243) == 243
    assert sum(one.of for one in parts if one.n != 243) == 902807


def test_deaths_stand_in_the_denominator_of_the_mortality_index() -> None:
    (index,) = figures_of("near_miss_mortality_index")
    assert (index.of, index.recomputed) == (1790 + 6, "0.33")
    without = msgspec.structs.replace(index, of=1790)
    assert (without.recomputed, without.consistent) == ("0.34", False)


def test_a_figure_belongs_to_an_indicator() -> None:
    assert {one.code for one in figures()} <= {entry.code for entry in shipped()}


@pytest.mark.parametrize(("n", "of", "printed"), [(1, 8, "12.5"), (1, 800, "0.13"), (0, 5, "0")])
def test_halves_are_rounded_up_and_places_kept(n: int, of: int, printed: str) -> None:
    one = msgspec.structs.replace(figures()[0], n=n, of=of, unit="percent", printed=printed)
    assert one.consistent
