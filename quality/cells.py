"""Months that are over are counted once: what a tally came to in them, house by house, is kept.

A question (a tally with its keys) about a period reads kept cells of the whole months inside it and
facts of the days around them. Whoever writes a fact of a past month notes its house and month; that
house's facts are read as they are until the engine has counted it anew. Numbers are the same with
and without what is kept, and row-level security of cells is that of the facts in them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final, TypeAlias, TypeVar
from uuid import UUID

import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from quality.sources import NO_HOUSE, in_region
from quality.tallies import Key, Tally
from quality.vocabulary import Population
from registry.facilities.rules import CHINA

KEPT: Final[frozenset[Population]] = frozenset({"cases", "deliveries", "newborns"})
"""Populations with many members; of the others nothing is kept."""

COUNT: Final = "<i4"
"""How a count is kept."""

KeyT = TypeVar("KeyT")
Told: TypeAlias = list[Any]
"""Counts and durations in the order of `Tally.outer`."""

# One statement is one snapshot: which months are kept, which houses changed since, and the cells.
# A case shows to more than those who oversee its region: to its parties. Who is one reads facts.
_READ = """
WITH ready AS (
  SELECT m.month FROM fact_cell_month m
   WHERE m.question = CAST(:question AS bytea) AND m.month = ANY(CAST(:months AS date[]))
     AND (CAST(:of AS text) <> 'cases' OR (cardinality(app_facilities()) = 0 AND NOT EXISTS (
           SELECT 1 FROM case_party p WHERE p.person_id = app_person())))
), changed AS (
  SELECT n.month, n.house FROM fact_cell_changed n
   WHERE n.population = CAST(:of AS text) AND n.month IN (SELECT r.month FROM ready r)
)
SELECT 'cell' AS part, c.month, c.house, c.place, c.at_month, c.counts, c.durations
  FROM fact_cell c
 WHERE c.question = CAST(:question AS bytea) AND c.month IN (SELECT r.month FROM ready r)
   AND NOT EXISTS (SELECT 1 FROM changed n WHERE n.month = c.month AND n.house = c.house)
   AND (CAST(:facility AS uuid) IS NULL OR c.house = :facility)
   AND {region}
UNION ALL SELECT 'ready', r.month, NULL, NULL, NULL, NULL, NULL FROM ready r
UNION ALL SELECT 'changed', n.month, n.house, NULL, NULL, NULL, NULL FROM changed n
"""


_PLACES: Final[Mapping[Key, int]] = {"house": 2, "place": 3, "month": 4}
"""Where the keys of a cell stand in a row of the query."""


@dataclass(frozen=True, slots=True)
class Span:
    """Moments from `start` on and before `end`; of these houses only, if any are named."""

    start: datetime
    end: datetime
    houses: Sequence[UUID] = ()


@dataclass(slots=True)
class Sums:
    """Rows of a tally by their keys, to be added up by any one of them."""

    tally: Tally
    keys: list[tuple[object, ...]] = field(default_factory=list)
    counts: list[bytes] = field(default_factory=list)
    durations: list[Sequence[bytes | None]] = field(default_factory=list)

    def add_facts(self, key: tuple[object, ...], told: Sequence[Any]) -> None:
        """Take in a row of `Tally.select`."""
        counts, durations = split(self.tally, told)
        self.keys.append(key)
        self.counts.append(counts)
        self.durations.append(durations)

    def by(self, at: int | None) -> dict[object, Told]:
        """What rows come to that agree in the key at place `at`; None: all of them, under None."""
        return self._grouped([None if at is None else key[at] for key in self.keys])

    def by_all(self) -> dict[tuple[object, ...], Told]:
        """What rows come to that agree in all keys."""
        return self._grouped(self.keys)

    def _grouped(self, keys: Sequence[KeyT]) -> dict[KeyT, Told]:
        numbers: dict[KeyT, int] = {}
        groups = [numbers.setdefault(key, len(numbers)) for key in keys]
        if not groups:
            return {}
        width = len(self.tally.outer) - len(self.tally.durations)
        every = np.frombuffer(b"".join(self.counts), dtype=COUNT).reshape(len(groups), width)
        order = np.argsort(groups, kind="stable")
        starts = np.searchsorted(np.asarray(groups)[order], np.arange(len(numbers)))
        sums: list[Told] = np.add.reduceat(every[order], starts, dtype=np.int64).tolist()
        for nth, place in enumerate(self.tally.durations):  # in rising order
            held: list[list[bytes]] = [[] for _ in numbers]
            for group, durations in zip(groups, self.durations, strict=True):
                if one := durations[nth]:
                    held[group].append(one)
            for row, parts in zip(sums, held, strict=True):
                row.insert(place, b"".join(parts))
        return dict(zip(numbers, sums, strict=True))


def split(tally: Tally, told: Sequence[Any]) -> tuple[bytes, list[bytes]]:
    """Counts and durations of a row of `Tally.select`, as cells keep them."""
    lengths = set(tally.durations)
    counts = [one for at, one in enumerate(told) if at not in lengths]
    return np.array(counts, dtype=COUNT).tobytes(), [
        bytes(told[at] or b"") for at in tally.durations
    ]


async def tallied(
    session: AsyncSession, tally: Tally, by: Sequence[Key], values: Mapping[str, Any]
) -> Sums:
    """A tally over a scope, whose parameters are `values`, from cells and facts."""
    sums = Sums(tally)
    spans = await _from_cells(session, tally, by, values, sums)
    query, given = _from_facts(tally, by, spans)
    known = {name: one for name, one in values.items() if f":{name}" in query}
    for row in await session.execute(text(query), {**tally.values, **given, **known}):
        sums.add_facts(tuple(row[: len(by)]), row[len(by) :])
    return sums


async def _from_cells(
    session: AsyncSession,
    tally: Tally,
    by: Sequence[Key],
    values: Mapping[str, Any],
    sums: Sums,
) -> list[Span] | None:
    """Add what is kept; the spans that remain, or None: all of the period."""
    months = months_within(values["start"], values["end"])
    if tally.of not in KEPT or not months:
        return None
    if tally.of == "cases" and values["facility"] is not None:
        return None  # those that it accepted lie at other houses
    given = {
        "of": tally.of,
        "question": tally.question(kept_by(by)),
        "months": months,
        "region": values["region"],
        "facility": values["facility"],
    }
    ready, changed = set[date](), dict[date, list[UUID]]()
    picked = [_PLACES[key] for key in by]
    nobodys = by.index("house") if "house" in by else None
    rows = await session.execute(text(_READ.format(region=in_region("c.house"))), given)
    for row in rows.all():
        part, month, house, _, _, counts, durations = row
        if part == "ready":
            ready.add(month)
        elif part == "changed":
            changed.setdefault(month, []).append(house)
        else:
            key = [row[at] for at in picked]
            if nobodys is not None and house == NO_HOUSE:
                key[nobodys] = None
            sums.keys.append(tuple(key))
            sums.counts.append(counts)
            sums.durations.append(durations)
    return list(remaining(values["start"], values["end"], ready, changed))


def _from_facts(
    tally: Tally, by: Sequence[Key], spans: Sequence[Span] | None
) -> tuple[str, dict[str, Any]]:
    when = tally.source.when
    if spans is None:
        return tally.select(by, f"{when} >= :start AND {when} < :end" if when else ""), {}
    parts, given = ["false"], dict[str, Any]()
    for n, span in enumerate(spans):
        given |= {f"from{n}": span.start, f"until{n}": span.end}
        part = f"{when} >= :from{n} AND {when} < :until{n}"
        if span.houses:
            given[f"houses{n}"] = list(span.houses)
            part += f" AND {house_of(tally)} = ANY(CAST(:houses{n} AS uuid[]))"
        parts.append(part)
    return tally.select(by, f"({' OR '.join(parts)})"), given


def house_of(tally: Tally) -> str:
    """The house under which a member is kept."""
    return f"coalesce({tally.source.house}, CAST('{NO_HOUSE}' AS uuid))"


def kept_by(by: Sequence[Key]) -> tuple[Key, ...]:
    """The keys of cells that answer a question by `by`: their house decides who may see them."""
    return (*by, *(key for key in ("house", "regions") if key not in by))


def months_within(start: datetime, end: datetime) -> list[date]:
    """Whole months (of China) inside a period, by their first day."""
    first = start.astimezone(CHINA)
    month = first.date().replace(day=1)
    if first != begin_of(month):
        month = after(month)
    found = []
    while begin_of(after(month)) <= end:
        found.append(month)
        month = after(month)
    return found


def begin_of(month: date) -> datetime:
    """Its first moment in China."""
    return datetime.combine(month, time(), CHINA)


def after(month: date) -> date:
    """The month after."""
    return (month + timedelta(days=32)).replace(day=1)


def remaining(
    start: datetime, end: datetime, ready: set[date], changed: Mapping[date, Sequence[UUID]]
) -> Iterable[Span]:
    """What of a period is not read from cells."""
    since = start
    for month in sorted(ready):
        if since < begin_of(month):
            yield Span(since, begin_of(month))
        since = begin_of(after(month))
        if month in changed:
            yield Span(begin_of(month), since, changed[month])
    if since < end:
        yield Span(since, end)
