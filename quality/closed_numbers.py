"""Numbers that rest on reviews which the viewer may not read: in sums, and so that none follows.

Whoever oversees regions hears of all of them together by calendar year and by quarter, and of each
part of them by calendar year; other periods where they are made up of these. Of every piece it is
decided for all that she may ask of it, from all members that are closed to her
(`quality.complements`), so that a year less its quarters, a region less its parts or one indicator
less another gives no small number back. A closed period decides by the rows that it keeps.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import product
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from quality.cells import tallied
from quality.complements import Counted, Family, Sizes, families, few, hidden
from quality.frozen import rows
from quality.groups import COUNTS
from quality.handbook.versions import Version
from quality.passes import Asked, readings
from quality.repository import LateEntries, Scope, Totals
from quality.stretches import begin_of
from quality.tallies import Key
from quality.untold import QUARTERS, Untold, closed_to, confidential, whole_quarters
from quality.vocabulary import CountMeasure, Measure, ShareMeasure
from registry.facilities.rules import CHINA

Counts: TypeAlias = dict[int, tuple[int, int]]
"""Of each measure of those in force: counted, and in the numerator."""

_N, _MET = COUNTS.index("n"), COUNTS.index("met")
_OWN = text("SELECT id FROM region WHERE id = ANY(app_regions()) ORDER BY code")
_TREE = text("SELECT id, parent_id FROM region")
_HOUSES = text("SELECT id, region_id FROM facility")
_FROZEN = """
SELECT r.place, CAST(sum(r.whole) AS bigint) AS n, CAST(sum(r.part) AS bigint) AS met
  FROM ({select}) r WHERE r.state = 'counted' AND NOT r.open GROUP BY r.place
"""


async def guarded(
    session: AsyncSession,
    scope: Scope,
    late: LateEntries,
    found: Sequence[tuple[Measure, Totals | None]],
    in_force: Sequence[Version],
) -> list[Totals | None]:
    """Numbers as the viewer may hear them: of what is closed to her, sums, and no small ones.

    Args:
        found: measures with what they come to.
        in_force: all definitions that she might ask as well.
    """
    if not any(told is not None and told.all.closed for _, told in found):
        return [told for _, told in found]
    asked = [measure for measure, told in found if told is not None and told.all.closed]
    known = await _read(session, scope, _all_of(in_force, asked))
    return [
        told
        if told is None or not told.all.closed
        else _summed(told, known.why(measure, scope, late, told))
        for measure, told in found
    ]


def _summed(found: Totals, untold: Untold | None) -> Totals:
    # How many were entered late or made up would be a number by itself.
    all_ = msgspec.structs.replace(found.all, late=0, demo=0)
    return Totals(all_, [], [], {}, {}, untold)


@dataclass(slots=True)
class _Known:
    """What is closed to the viewer, by house and month, and how her regions lie in each other."""

    versions: Sequence[tuple[Counted, Version | None]]
    tops: Sequence[UUID]
    parents: Mapping[UUID, UUID | None]
    homes: Mapping[UUID, UUID]
    frozen: bool
    families: Sequence[Family] = ()
    sums: dict[tuple[UUID | None, "Piece | None"], Counts] = field(default_factory=dict)

    def why(self, measure: Measure, scope: Scope, late: LateEntries, told: Totals) -> Untold | None:
        """Why a number is not told; None: it is."""
        share = isinstance(measure, ShareMeasure)
        n, met = told.all.n, told.all.met if share else None
        plain = closed_to(
            scope.start, scope.end, one_house=scope.facility_id is not None, n=n, met=met
        )
        if plain is not None:
            return plain
        if late == "without" and told.all.late:
            return "follows"
        family = self._family(measure)
        steps = self._steps(scope.region_id)
        if not steps:
            return None if self._told_whole(family, scope) else "follows"
        if not all(piece.year for piece in pieces(scope.start, scope.end)):
            return "parts_by_year"
        return None if self._told_part(family, steps, scope) else "follows"

    def _family(self, measure: Measure) -> Family:
        said = msgspec.json.encode(measure)
        at = next(n for n, (one, _) in enumerate(self.versions) if msgspec.json.encode(one) == said)
        return next(one for one in self.families if at in one.numbers)

    def _steps(self, region: UUID | None) -> list[list[UUID]]:
        """The ways down to a region from all that the viewer oversees; none: it holds all of it."""
        if region is None:
            return []
        around = [self._around(one) for one in self.tops]
        if all(region in path for path in around):
            return []
        up = self._around(region)
        for top in self.tops:
            if top in up:
                way = up[: up.index(top) + 1][::-1]
                return [way if len(self.tops) > 1 else way[1:]]
        return [[path[0]] for path in around if region in path]

    def _around(self, region: UUID) -> list[UUID]:
        found: list[UUID] = []
        at: UUID | None = region
        while at is not None:
            found.append(at)
            at = self.parents.get(at)
        return found

    def _told_whole(self, family: Family, scope: Scope) -> bool:
        """Whether all that the viewer oversees is told of a period: of all pieces that make it."""
        if self.frozen:
            return not few(self._sizes(family, None, None))
        return all(
            self._told_year(family, piece) if piece.year else self._told_quarter(family, piece)
            for piece in pieces(scope.start, scope.end)
        )

    def _told_year(self, family: Family, year: "Piece") -> bool:
        quarters = list(year.quarters())
        return not few(self._sizes(family, None, year)) or all(
            self._told_quarter(family, one) for one in quarters
        )

    def _told_quarter(self, family: Family, quarter: "Piece") -> bool:
        year = Piece(quarter.first.replace(month=1), year=True)
        parts = list(year.quarters())
        sizes = [self._sizes(family, None, one) for one in parts]
        at = parts.index(quarter)
        if few(self._sizes(family, None, year)):
            return not few(sizes[at])
        return not hidden(sizes, [False] * len(sizes))[at]

    def _told_part(self, family: Family, ways: Sequence[Sequence[UUID]], scope: Scope) -> bool:
        """Whether a part is told of whole years: on the way down to it every step is."""
        years: Sequence[Piece | None]
        years = [None] if self.frozen else list(pieces(scope.start, scope.end))
        return all(self._told_way(family, way, year) for way in ways for year in years)

    def _told_way(self, family: Family, way: Sequence[UUID], year: "Piece | None") -> bool:
        whole = self._sizes(family, None, year)
        if few(whole):
            return False
        above: UUID | None = self.tops[0] if len(self.tops) == 1 else None
        for region in way:
            parts = list(self.tops) if above is None else self._inside(above)
            sizes = [self._sizes(family, one, year) for one in parts]
            # Houses that lie in none of the parts: what remains of the sum, told nowhere.
            rest = (whole if above is None else self._sizes(family, above, year)) - sum(sizes)
            gone = hidden([*sizes, rest], [False] * len(parts) + [True])
            if gone[parts.index(region)]:
                return False
            above = region
        return True

    def _inside(self, region: UUID) -> list[UUID]:
        return sorted(one for one, parent in self.parents.items() if parent == region)

    def add(self, house: UUID, month: date | None, number: int, n: int, met: int) -> None:
        """Take in what a house comes to in a month; None: in all of a closed period."""
        home = self.homes.get(house)
        regions = [None, *(self._around(home) if home is not None else ())]
        pieces_: list[Piece | None] = [None] if month is None else list(Piece.of(month))
        for key in product(regions, pieces_):
            counts = self.sums.setdefault(key, {})
            before = counts.get(number, (0, 0))
            counts[number] = (before[0] + n, before[1] + met)

    def _sizes(self, family: Family, region: UUID | None, piece: "Piece | None") -> Sizes:
        return family.sizes(self.sums.get((region, piece), {}))


@dataclass(frozen=True, slots=True)
class Piece:
    """A calendar year of China, or a quarter of one."""

    first: date
    year: bool

    def quarters(self) -> "Iterable[Piece]":
        """Those of a year."""
        for month in QUARTERS:
            yield Piece(self.first.replace(month=month), year=False)

    @staticmethod
    def of(month: date) -> "Iterable[Piece]":
        """The year and the quarter of a month."""
        yield Piece(date(month.year, 1, 1), year=True)
        yield Piece(date(month.year, QUARTERS[(month.month - 1) // 3], 1), year=False)

    @property
    def after(self) -> date:
        """The first day after it."""
        if self.year or self.first.month == QUARTERS[-1]:
            return date(self.first.year + 1, 1, 1)
        return self.first.replace(month=self.first.month + 3)


def pieces(start: datetime, end: datetime) -> Iterable[Piece]:
    """The calendar years inside a period of whole quarters, and the quarters at its ends."""
    at, until = (one.astimezone(CHINA).date() for one in (start, end))
    while at < until:
        whole = at.month == 1 and date(at.year + 1, 1, 1) <= until
        piece = Piece(at, year=whole)
        yield piece
        at = piece.after


def _all_of(
    in_force: Sequence[Version], asked: Sequence[Measure]
) -> list[tuple[Counted, Version | None]]:
    """Every measure that counts what may be closed, once; with its version, if it has one."""
    found: dict[bytes, tuple[Counted, Version | None]] = {}
    every = [(one.definition.measure, one) for one in in_force]
    for measure, version in [*every, *((one, None) for one in asked)]:
        if confidential(measure) and isinstance(measure, CountMeasure | ShareMeasure):
            found.setdefault(msgspec.json.encode(measure), (measure, version))
    return list(found.values())


async def _read(
    session: AsyncSession, scope: Scope, versions: Sequence[tuple[Counted, Version | None]]
) -> _Known:
    if not whole_quarters(scope.start, scope.end):
        return _Known(versions, [], {}, {}, scope.frozen is not None)
    own = list((await session.execute(_OWN)).scalars())
    parents = {row.id: row.parent_id for row in await session.execute(_TREE)}
    homes = {row.id: row.region_id for row in await session.execute(_HOUSES)}
    known = _Known(versions, [], parents, homes, scope.frozen is not None)
    known.families = families([one for one, _ in versions])
    known.tops = [one for one in own if not any(other in known._around(one)[1:] for other in own)]
    if scope.frozen is None:
        await _read_live(session, scope, known)
    else:
        await _read_frozen(session, scope, scope.frozen, known)
    return known


async def _read_live(session: AsyncSession, scope: Scope, known: _Known) -> None:
    """All calendar years that a period touches, whatever region is asked for."""
    first, last = scope.start.astimezone(CHINA).date(), scope.last_day
    years = replace(
        scope,
        start=begin_of(date(first.year, 1, 1)),
        end=begin_of(date(last.year + 1, 1, 1)),
        region_id=None,
        facility_id=None,
    )
    asked = [Asked(measure) for measure, _ in known.versions]
    for reading in readings(asked, without_late=False):
        source = reading.tally.source
        closed = replace(reading.tally, where=f"{reading.tally.where} AND NOT {source.open}")
        by: tuple[Key, ...] = ("house", "month")
        (sums,) = [one async for one in tallied(session, [closed], by, years.known())]
        summed = sums.by_all()
        for number, columns in zip(reading.numbers, reading.columns, strict=True):
            for key, cell in columns.cells(summed).items():
                house, month = key
                assert isinstance(house, UUID)  # noqa: S101  (a review is held by a house)
                assert isinstance(month, date)  # noqa: S101
                known.add(house, month, number, cell.counts[_N], cell.counts[_MET])


async def _read_frozen(session: AsyncSession, scope: Scope, freeze_id: UUID, known: _Known) -> None:
    """What a closed period keeps, in all of it."""
    for number, (_, version) in enumerate(known.versions):
        if version is None:
            continue
        kept = rows.counted_rows(freeze_id, version)
        values: dict[str, Any] = {**kept.values, "region": None, "facility": None}
        query = text(_FROZEN.format(select=kept.select))
        for row in await session.execute(query, values):
            known.add(row.place, None, number, row.n, row.met)
