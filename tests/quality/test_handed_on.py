"""An attack on a file that is handed on: houses from sums, indicators from those that hold them."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from uuid import UUID

import numpy as np
import pytest
from numpy.typing import NDArray

from quality import complements, handed_on
from quality.definitions import shipped
from quality.handed_on import Covered, Line, covered, sets_of
from quality.small_numbers import small
from quality.vocabulary import CountMeasure, Criterion, IntervalMeasure, Measure, ShareMeasure
from tests.quality.equations import Equations

FIELDS = ("preterm", "caesarean", "primiparous", "severe_haemorrhage")
ATOMS = list(itertools.product((False, True), repeat=len(FIELDS)))
HOUSES = [UUID(int=n + 1) for n in range(4)]
Row = NDArray[np.int64]


def criterion(name: str, negate: bool = False) -> Criterion:
    return Criterion(field=name, one_of=[True], negate=negate)


def measures(chance: Random) -> Iterator[CountMeasure | ShareMeasure]:
    """Some that hold each other, and two that part those of one, as those of a file do."""
    yield CountMeasure(of="deliveries")
    parted = chance.choice(FIELDS)
    for negate in (False, True):
        yield ShareMeasure(of="deliveries", met=[criterion(parted, negate)])
    for _ in range(6):
        names = chance.sample(FIELDS, k=chance.randint(1, 3))
        said = [criterion(name) for name in names]
        yield ShareMeasure(of="deliveries", where=said[1:], met=said[:1])


class File:
    """Women of four houses by chance, and what a file says of them."""

    def __init__(self, seed: int) -> None:
        chance = Random(seed)
        self.measures: list[CountMeasure | ShareMeasure] = list(measures(chance))
        self.cells = list(itertools.product(HOUSES, ATOMS))
        many = {house: chance.choice([3, 12, 60]) for house in HOUSES}
        self.counts = np.array(
            [
                chance.randint(0, 3) if sum(atom) > 2 else chance.randint(0, many[house] // 4)
                for house, atom in self.cells
            ],
            dtype=np.int64,
        )
        self.lines = [self._line(one) for one in self.measures]

    def row(self, criteria: Sequence[Criterion], house: UUID | None) -> Row:
        """Which cells a set holds, of a house or of all."""
        return np.array(
            [
                (house is None or place == house)
                and all(atom[FIELDS.index(str(one.field))] is not one.negate for one in criteria)
                for place, atom in self.cells
            ],
            dtype=np.int64,
        )

    def rows(self, measure: CountMeasure | ShareMeasure, house: UUID | None) -> list[Row]:
        """Of the counted, and of the numerator."""
        found = [self.row(measure.where, house)]
        if isinstance(measure, ShareMeasure):
            found.append(self.row([*measure.where, *measure.met], house))
        return found

    def _line(self, measure: CountMeasure | ShareMeasure) -> Line:
        def counts(house: UUID | None) -> tuple[int, int | None]:
            told = [int(row @ self.counts) for row in self.rows(measure, house)]
            return told[0], told[1] if len(told) > 1 else None

        by_house = {house: counts(house) for house in HOUSES}
        return Line(measure, counts(None), {k: v for k, v in by_house.items() if v[0]})

    def given(self, cover: Covered) -> list[str]:
        """Small numbers that follow from what the file tells."""
        known = Equations(len(self.cells))
        for number, line in enumerate(self.lines):
            measure = self.measures[number]
            for piece in (None, *line.houses):
                gone = cover.whole(number) if piece is None else cover.house(number, piece)
                for row, hides in zip(self.rows(measure, piece), gone, strict=False):
                    if not hides:
                        known.learn(row)
        found = []
        for piece in (None, *HOUSES):
            sets = [row for one in self.measures for row in self.rows(one, piece)]
            wanted = [*sets, *(a - b for a, b in itertools.permutations(sets, 2))]
            for row in wanted:
                n = int(row @ self.counts)
                if small(n) and (row >= 0).all() and known.determine(row):
                    found.append(f"{piece} {n}")
        return found


@pytest.mark.parametrize("seed", range(60))
def test_no_small_number_follows_from_the_file(seed: int) -> None:
    file = File(seed)
    assert file.given(covered(file.lines)) == []


def test_the_attack_succeeds_where_only_small_counts_are_hidden(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def alone(parts: Sequence[complements.Sizes], gone: Sequence[bool]) -> list[bool]:
        return [hides or complements.few(one) for hides, one in zip(gone, parts, strict=True)]

    monkeypatch.setattr(complements, "hidden", alone)
    monkeypatch.setattr(handed_on, "_around", lambda one, held: [])
    assert any(file.given(covered(file.lines)) for file in map(File, range(60)))


def line(measure: Measure, whole: tuple[int, int | None], *houses: tuple[int, int | None]) -> Line:
    by_house: Mapping[UUID, tuple[int, int | None]] = dict(zip(HOUSES, houses, strict=False))
    return Line(measure, whole, by_house)


def test_an_indicator_that_leaves_few_of_another_is_hidden() -> None:
    every = CountMeasure(of="deliveries")
    share = ShareMeasure(
        of="deliveries", where=[criterion("caesarean")], met=[criterion("preterm")]
    )
    cover = covered([line(every, (20, None)), line(share, (18, 9))])
    assert cover.whole(0) == (False, False)
    assert cover.whole(1) == (True, False), "20 less 18 are two"


def test_of_cases_that_the_head_of_the_table_tells_none_is_left_alone() -> None:
    clock = next(one.measure for one in shipped() if isinstance(one.measure, IntervalMeasure))
    told = [line(clock, (18, None), (10, None), (8, None))]
    assert covered(told, 40).whole(0) == (False, False)
    cover = covered(told, 20)
    assert cover.whole(0) == (True, False)
    assert cover.any_house(0), "both houses told would tell the sum"


def test_measures_of_one_set_share_what_is_hidden() -> None:
    one, other = (
        ShareMeasure(of="deliveries", met=[criterion(name)]) for name in ("caesarean", "preterm")
    )
    assert sets_of(one)[0] == sets_of(other)[0]
    cover = covered([line(one, (30, 3)), line(other, (30, 15))])
    assert cover.whole(0) == (False, True)
    assert cover.whole(1) == (False, False)
