"""Limits of charts, computed by hand."""

import pytest

from quality.control import Sample, band, bands, chart, rules


def months(*values: float | None, n: int = 50, size: float = 50) -> list[Sample]:
    return [Sample(n, value, size) for value in values]


def test_xmr_limits_are_the_mean_and_two_sixty_six_moving_ranges() -> None:
    found = chart("xmr", months(10, 12, 11, 13, 12, 14))
    assert found.centre == 12
    moved = (2 + 1 + 2 + 1 + 2) / 5
    for one in found.points:
        assert (one.low, one.high) == pytest.approx((12 - 2.66 * moved, 12 + 2.66 * moved))


def test_a_share_s_limits_widen_where_n_is_small() -> None:
    samples = [*months(*[0.4] * 6, n=100, size=100), Sample(25, 0.4, 25)]
    found = chart("p", samples)
    assert found.points[0].high == pytest.approx(0.4 + 3 * (0.24 / 100) ** 0.5)
    assert found.points[-1].high == pytest.approx(0.4 + 3 * (0.24 / 25) ** 0.5)


def test_counts_are_charted_by_the_day() -> None:
    found = chart("u", [Sample(62, 2.0, 31), *months(*[2.0] * 6, n=60, size=30)])
    assert found.centre == 2
    assert found.points[0].high == pytest.approx(2 + 3 * (2 / 31) ** 0.5)


def test_no_limit_lies_where_no_value_can() -> None:
    found = chart("p", months(*[0.01] * 6, n=10, size=10))
    assert {one.low for one in found.points} == {0.0}
    assert chart("xmr", months(1, 90, 1, 90, 1, 90)).points[0].low == 0.0


@pytest.mark.parametrize("count", [0, 1, 5])
def test_few_months_have_no_limits(count: int) -> None:
    found = chart("xmr", months(*range(count)))
    assert found.centre is None
    assert [one.value for one in found.points] == list(range(count))
    assert {one.high for one in found.points} <= {None}


def test_small_months_are_hidden_and_no_limit_rests_on_them() -> None:
    samples = [*months(*[10.0] * 6), Sample(4, 900, 4), Sample(0, None, 0)]
    found = chart("xmr", samples)
    assert found.centre == 10
    assert [one.value for one in found.points[-2:]] == [None, None]


def test_a_point_outside_is_a_signal() -> None:
    found = chart("xmr", months(*[10.0, 14.0] * 20, 60))
    assert [one.signal for one in found.points] == [None] * 40 + ["outside"]


@pytest.mark.parametrize(("run", "told"), [(7, False), (8, True)])
def test_eight_in_a_row_on_one_side_are_a_signal(run: int, told: bool) -> None:
    swings = [20.0, 10.0] * 8
    found = chart("xmr", months(*swings, *[16.0] * run))
    assert {one.signal for one in found.points[-run:]} == ({"run"} if told else {None})


def test_a_value_on_the_line_ends_a_run() -> None:
    found = chart("xmr", months(*[10.0, 20.0] * 8, 16, 16, 16, 16, 15, 14, 16, 16, 16, 16))
    assert {one.signal for one in found.points[-10:]} == {None}


@pytest.mark.parametrize(
    ("value", "where"),
    [(0.4, "within"), (0.49, "within"), (0.5, "warning"), (0.54, "warning"), (0.56, "alarm")],
)
def test_a_funnel_has_two_widths(value: float, where: str) -> None:
    assert band(0.4, 100).place(value) == where


def test_a_funnel_s_lines_reach_from_one_to_the_largest() -> None:
    found = bands(0.3, 5000)
    assert (found[0].n <= 4, found[-1].n) == (True, 5000)
    assert [one.n for one in found] == sorted({one.n for one in found})


def test_rules_have_their_source() -> None:
    found = rules()
    for one in (found.limits, found.signals, found.funnel):
        assert one.source
        assert one.confidence == "B"
