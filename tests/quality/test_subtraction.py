"""An attack: whoever oversees a province asks for everything and subtracts what she is told.

Reviews are chance, in a province of two cities and five counties. Every number that she is told of
any region, any period and any indicator is an equation; whatever small number those equations
determine has been given away. Without complements the same attack succeeds.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import numpy as np
import pytest
from numpy.typing import NDArray

from kernel.ids import FacilityId, RegionId
from kernel.viewer import Role, Viewer
from quality import closed_numbers, complements, indicators
from quality.closed_numbers import Piece, pieces
from quality.definitions import shipped
from quality.handbook import versions
from quality.repository import Scope
from quality.small_numbers import small
from quality.untold import confidential
from quality.vocabulary import FIELDS, CountMeasure, ShareMeasure
from registry.facilities import service as facilities
from registry.facilities.rules import CHINA, FacilityRole, Level, Tier
from tests.fixtures.database import Clone
from tests.quality.cases import SYSTEM
from tests.quality.equations import Equations
from tests.quality.more import WORDS, YEAR, Stories
from tests.quality.more_cases import a_death
from tests.quality.naive import fails
from tests.quality.test_more_agrees import written
from tests.registry.world import account

MEASURES = [
    one.measure
    for one in shipped()
    if confidential(one.measure) and isinstance(one.measure, CountMeasure | ShareMeasure)
]
MONTHS = (1, 4, 7, 10)


def day(year: int, month: int) -> datetime:
    return datetime(year, month, 1, tzinfo=CHINA)


ENDS = [day(2026, month) for month in MONTHS] + [day(2027, 1)]
PERIODS = [
    *itertools.pairwise(ENDS),
    (ENDS[0], ENDS[2]),
    (ENDS[0], ENDS[3]),
    (ENDS[1], ENDS[4]),
    (ENDS[0], ENDS[4]),
    (day(2025, 10), day(2026, 10)),
    (day(2025, 1), day(2027, 1)),
    (day(2026, 1), day(2026, 2)),
]
"""Quarters, runs of them, the year, two that leave it, and one that is no quarter."""


async def province(database: Clone, seed: int) -> tuple[Stories, list[UUID]]:
    """A province with reviews by chance, and all its regions."""
    told = await written(database, seed)
    world = told.world
    by = [
        (await account(database.system, world.clock, f"q{n}", world.city_centre))[0]
        for n in range(2)
    ]
    regions: list[UUID] = [world.province, world.city, world.county, world.far_county]
    async with database.system.session(SYSTEM) as session:
        for n in range(3):
            county = await facilities.create_region(
                session, code=f"99013{n}", name=f"{n}县", level=Level.COUNTY, parent_id=world.city
            )
            house = await facilities.create_facility(
                session, region_id=county, code=f"h{n}", name=f"{n}县医院", short_name=f"{n}县",
                tier=Tier.COUNTY, roles=[FacilityRole.MIDWIFERY],
            )  # fmt: skip
            regions.append(county)
            told.around[FacilityId(house)] = frozenset({county, world.city, world.province})
        for _ in range(150):
            await a_death(session, told, by)
    return told, regions


Stands = tuple[tuple[bool, bool], ...]
"""Of each measure: whether somebody counts, and stands in the numerator."""


def stands(of: str, said: Mapping[str, object]) -> Stands:
    return tuple(
        (
            one.of == of and fails(one.where, said) is None,
            isinstance(one, ShareMeasure)
            and one.of == of
            and fails([*one.where, *one.met], said) is None,
        )
        for one in MEASURES
    )


def everything() -> set[Stands]:
    """However a review or a measure of one may stand."""
    found = set()
    for of in ("reviews", "review_measures"):
        names = sorted(FIELDS[of])
        values = [WORDS.get(name, [True, False]) for name in names]
        for some in itertools.product(*values):
            found.add(stands(of, dict(zip(names, some, strict=True))))
    return found


class Numbers:
    """What is told, as sums over cells: house, quarter, and how somebody stands."""

    def __init__(self, told: Stories) -> None:
        quarters = [day(year, month) for year in (2025, 2026, 2027) for month in MONTHS]
        cells = itertools.product(told.around, quarters, sorted(everything()))
        self.cells = {cell: at for at, cell in enumerate(cells)}
        self.many = np.zeros(len(self.cells), dtype=np.int64)
        for of in ("reviews", "review_measures"):
            for one in told.known[of]:
                local = one.at.astimezone(CHINA)
                quarter = day(local.year, MONTHS[(local.month - 1) // 3])
                self.many[self.cells[FacilityId(one.place), quarter, stands(of, one.said)]] += 1

    def sums(
        self, number: int, places: Iterable[UUID], start: datetime, end: datetime
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Which cells a measure counts, and which of them stand in its numerator."""
        held = set(places)
        counted, met = (np.zeros(len(self.cells), dtype=np.int64) for _ in range(2))
        for (place, quarter, how), at in self.cells.items():
            if place in held and start <= quarter < end:
                counted[at], met[at] = how[number]
        return counted, met

    def value(self, row: NDArray[np.int64]) -> int:
        """What a sum comes to."""
        return int(row @ self.many)


async def attack(
    database: Clone, told: Stories, regions: Sequence[UUID], viewer: Viewer
) -> tuple[list[str], int, int]:
    """Small numbers that follow; how many numbers were told, how many hidden as following."""
    sums = Numbers(told)
    known = Equations(len(sums.cells))
    inside: dict[UUID | None, list[FacilityId]] = {
        region: [house for house, around in told.around.items() if region in around]
        for region in regions
    }
    inside[None] = list(told.around)
    numbers = hushed = 0
    async with database.app.session(viewer) as session:
        every = [
            one
            for one in await versions.counting(session, YEAR.last_day)
            if one.definition.measure in MEASURES
        ]
        assert len(every) == len(MEASURES)
        scopes = [(*one, "with") for one in itertools.product([None, *regions], PERIODS)]
        scopes += [(None, period, "without") for period in PERIODS]
        for region, (start, end), late in scopes:
            scope = Scope(start, end, region, as_of=YEAR.as_of)
            found = await indicators.measured(session, scope, late, every)  # type: ignore[arg-type]
            for version, totals in zip(every, found, strict=True):
                assert totals is not None
                hushed += totals.untold == "follows"
                if totals.untold is not None or not totals.all.closed:
                    continue
                measure = version.definition.measure
                counted, met = sums.sums(
                    MEASURES.index(measure),  # type: ignore[arg-type]
                    inside[region], start, end,
                )  # fmt: skip
                assert sums.value(counted) == totals.all.n
                known.learn(counted)
                if isinstance(measure, ShareMeasure):
                    assert sums.value(met) == totals.all.met
                    known.learn(met)
                numbers += 1
    given = []
    halves = [(day(2026, 1), day(2026, 7)), (day(2026, 7), day(2027, 1))]
    spans = [*itertools.pairwise(ENDS), *halves, (ENDS[0], ENDS[-1])]
    places = {str(one): [one] for one in told.around} | {str(k): v for k, v in inside.items()}
    for (name, houses), (start, end) in itertools.product(places.items(), spans):
        told_of = [sums.sums(at, houses, start, end) for at in range(len(MEASURES))]
        wanted = [row for counted, met in told_of for row in (counted, met, counted - met)]
        wanted += [a - b for a, b in itertools.permutations([n for n, _ in told_of], 2)]
        given += [
            f"{name} {start:%Y-%m} {end:%Y-%m} {sums.value(row)}"
            for row in wanted
            if small(sums.value(row)) and (row >= 0).all() and known.determine(row)
        ]
    return given, numbers, hushed


@pytest.mark.parametrize("seed", [22, 23])
async def test_no_small_number_follows_from_all_that_is_told(
    database: Clone, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last part shows that the attack is one: without complements it succeeds."""
    told, regions = await province(database, seed)
    world = told.world
    viewer = world.viewer(Role.COMMISSION, world.city_centre, world.province)
    given, numbers, hushed = await attack(database, told, regions, viewer)
    assert given == []
    assert numbers > 20, "nothing is told: nothing was attacked"
    assert hushed > 0

    def alone(parts: Sequence[complements.Sizes], gone: Sequence[bool]) -> list[bool]:
        return [hides or complements.few(one) for hides, one in zip(gone, parts, strict=True)]

    if seed != 23:
        return
    monkeypatch.setattr(closed_numbers, "hidden", alone)
    given, _, _ = await attack(database, told, regions, viewer)
    assert given, "the attack finds nothing even where nothing is done against it"


async def test_whoever_oversees_two_counties_cannot_subtract_one_from_both(
    database: Clone,
) -> None:
    told, regions = await province(database, 24)
    world = told.world
    viewer = world.viewer(
        Role.COMMISSION, world.city_centre, world.far_county, RegionId(regions[4])
    )
    given, _, _ = await attack_on(database, told, [world.far_county, regions[4]], viewer)
    assert given == []


async def attack_on(
    database: Clone, told: Stories, regions: Sequence[UUID], viewer: Viewer
) -> tuple[list[str], int, int]:
    """As `attack`, where the viewer oversees these regions alone."""
    around = {house: some for house, some in told.around.items() if set(regions) & some}
    mine = Stories(told.world, told.chance)
    mine.around = around
    mine.known = {
        of: [one for one in some if one.place in around] for of, some in told.known.items()
    }
    return await attack(database, mine, regions, viewer)


def test_a_period_is_told_by_the_years_and_quarters_that_make_it() -> None:
    said = [(one.first.isoformat(), one.year) for one in pieces(day(2025, 10), day(2027, 4))]
    assert said == [("2025-10-01", False), ("2026-01-01", True), ("2027-01-01", False)]
    assert [one.first.month for one in Piece(day(2026, 1).date(), year=True).quarters()] == [
        *MONTHS
    ]
