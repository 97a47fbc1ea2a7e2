"""What reviews found, counted: for those who convene exactly, for others without small counts."""

from datetime import date

import pytest

from quality.errors import PeriodInvalid
from quality.reviews.schemas import ReviewStatistics
from quality.reviews.statistics import statistics
from tests.quality.reviews.conftest import Board

YEAR = (date(2026, 1, 1), date(2026, 12, 31))


async def counted(board: Board, by: str, first: date, last: date) -> ReviewStatistics:
    viewer = board.net.staff[by]
    async with board.net.clone.app.session(viewer) as session:
        return await statistics(session, viewer, first, last)


async def test_counts_are_exact_at_home_small_ones_hidden_elsewhere(board: Board) -> None:
    for _ in range(5):
        review = await board.of(await board.death())
        await board.concluded(review)
    home = await counted(board, "office", *YEAR)
    told = {(one.dimension, one.code): one.n for one in home.counts}
    assert told[("total", "facility")] == 5
    assert told[("conclusion", "avoidable")] == told[("cause", "haemorrhage")] == 5
    assert told[("delay", "receiving")] == 5
    assert {one.n for one in (await counted(board, "commission", *YEAR)).counts} == {5}
    other = await board.of(await board.death())
    await board.held(other)
    await board.find("chair", other, "用血审批慢")
    await board.vote(other, "unavoidable", "chair", "third")
    await board.step("office", other, "conclude", cause="indirect", summary="心脏病")
    away = {
        (one.dimension, one.code): one.n
        for one in (await counted(board, "commission", *YEAR)).counts
    }
    assert away[("total", "facility")] == 6
    assert away[("delay", "receiving")] == 5
    # One death of another cause would be told by what is left of six.
    assert away[("cause", "indirect")] is None
    assert away[("cause", "haemorrhage")] is None
    assert away[("cell", "health.management")] is None
    (away_count,) = [
        one
        for one in (await counted(board, "commission", *YEAR)).counts
        if (one.dimension, one.code) == ("cause", "haemorrhage")
    ]
    assert away_count.hidden == "follows"
    # A year less its first eleven months would tell December's: of others, whole years alone.
    parts = await counted(board, "commission", YEAR[0], date(2026, 12, 30))
    assert (parts.counts, parts.years_only) == ([], True)
    own = await counted(board, "office", YEAR[0], date(2026, 12, 30))
    assert (len(own.counts) > 0, own.years_only) == (True, False)
    exact = {
        (one.dimension, one.code): one.n for one in (await counted(board, "office", *YEAR)).counts
    }
    assert exact[("cause", "indirect")] == 1


async def test_nothing_of_elsewhere_and_no_other_days(board: Board) -> None:
    assert (await counted(board, "outsider", *YEAR)).counts == []
    assert (await counted(board, "office", date(2025, 1, 1), date(2025, 12, 31))).counts == []


@pytest.mark.parametrize(
    "days", [(YEAR[1], YEAR[0]), (date(2000, 1, 1), YEAR[1]), (date(1, 1, 1), date(1, 2, 1))]
)
async def test_impossible_periods(board: Board, days: tuple[date, date]) -> None:
    with pytest.raises(PeriodInvalid):
        await counted(board, "office", *days)
