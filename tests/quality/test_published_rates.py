"""Rates that were printed without counts, once more from rows, and hospitals whose files pass.

Where only a rate was printed, the smallest fraction that prints so is made (`smallest`).
"""

from datetime import UTC, date, datetime
from typing import Final

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from quality.imports.reading import read
from quality.imports.sheets import sheets
from quality.repository import Scope
from quality.vocabulary import RateMeasure, ShareMeasure
from tests.fixtures.database import Clone
from tests.quality.cases import region
from tests.quality.imports.test_checks import BLEEDING, CAESAREAN, FRONT
from tests.quality.test_published_rows import (
    BORN_ALIVE,
    DAY,
    LATEST,
    MONTH,
    counts,
    instead_of,
    printed,
    rows,
    smallest,
)
from tests.registry.world import World

YEAR: Final = Scope(datetime(2025, 9, 30, 16, tzinfo=UTC), datetime(2026, 9, 30, 16, tzinfo=UTC))


@pytest.mark.parametrize("wanted", ["45.35", "40.23", "41.32"], ids=["2013", "2016", "2017"])
async def test_caesareans_of_the_country(module_database: Clone, wanted: str) -> None:
    measure = LATEST["ob_caesarean_rate"]
    assert isinstance(measure, ShareMeasure)
    n, of = smallest(wanted, "percent")
    said = {"from_28_weeks": of, "caesarean": n}
    async with rows(module_database, women=(of + 7, said)) as session:
        ((met, women),) = await counts(session, measure)
    assert (met, women) == (n, of), "women under 28 weeks are none of them"
    assert printed(met / women, "percent") == wanted


RETURNS: Final = {
    "return_managed_rate": ("managed", "94.50"),
    "return_examined_rate": ("examined", "98.20"),
    "return_hospital_birth_rate": ("born_in_hospital", "99.95"),
    "return_visited_rate": ("visited", "97.00"),
}
"""China 2023, over live births."""


@pytest.fixture(scope="module")
async def world(module_database: Clone) -> World:
    return await region(module_database)


async def returned(session: AsyncSession, world: World, amounts: dict[str, int]) -> None:
    """A county's return of its area, for a year that ends with September."""
    said = {
        "facility_id": f"CAST('{world.county_hospital}' AS uuid)",
        "at": DAY.replace("2026-11-02", "2026-09-30"),
        "day": "date '2026-09-30'",
        "covers": "'area'",
        "residence": "'all'",
    }
    await instead_of(
        session, "fact_annual_return", 1, said | {name: str(n) for name, n in amounts.items()}
    )


@pytest.mark.parametrize("code", RETURNS)
async def test_the_country_s_returns_of_2023(
    module_database: Clone, world: World, code: str
) -> None:
    measure, (amount, wanted) = LATEST[code], RETURNS[code]
    assert isinstance(measure, RateMeasure)
    n, of = smallest(wanted, "percent")
    async with rows(module_database) as session:
        await returned(session, world, {amount: n, "live_births": of})
        ((met, births),) = await counts(session, measure, scope=YEAR)
    assert (met, births) == (n, of)
    assert printed(met / births, "percent") == wanted


async def test_live_births_of_two_springs(module_database: Clone) -> None:
    """January to May: 7.407 million in 2017, 6.871 million the year before: 7.8 % more."""
    born = []
    for n in (7_407_000, 6_871_000):
        said = {"live_born": n, "from_28_weeks": n}
        async with rows(module_database, newborns=(n + 1000, said)) as session:
            ((_, alive),) = await counts(session, BORN_ALIVE, scope=MONTH)
        born.append(alive)
    assert born == [7_407_000, 6_871_000]
    assert printed(born[0] / born[1] - 1, "percent", 1) == "7.8"


FAILING: Final = (
    {"入院日期": "2026-03-03"},  # after the delivery
    BLEEDING | {"产后24小时出血量(mL)": "300"},
    CAESAREAN | {"手术操作编码": "73.6"},
)


@pytest.mark.parametrize(
    ("hospitals", "wanted"), [(5378, "66.3"), (None, "83.9"), (None, "46.8")],
    ids=["all", "Beijing", "Qinghai"],
)  # fmt: skip
def test_hospitals_whose_files_pass_every_check(hospitals: int | None, wanted: str) -> None:
    """Of so many hospitals' files (NCIS 2021) as many pass; others fail one check or another."""
    n, of = smallest(f"{float(wanted):.2f}", "percent")
    if hospitals is not None:
        n, of = round(hospitals * float(wanted) / 100), hospitals
    sheet, passed = sheets()["front_pages"], 0
    for no in range(of):
        row = FRONT if no < n else FRONT | FAILING[no % len(FAILING)]
        found = read(sheet, f"{','.join(row)}\n{','.join(row.values())}\n", date(2026, 11, 27))
        assert (found.complaints, len(found.rows)) == ([], 1)
        passed += not found.doubts
    assert (passed, printed(passed / of, "percent", 1)) == (n, wanted)
