"""The one place that reads the facts of indicators."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal, TypeAlias
from uuid import UUID

import msgspec
import numpy as np
from sqlalchemy import Row, TextClause, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from quality.cells import tallied
from quality.compiling import Compiled
from quality.distributions import FINEST_S
from quality.groups import Group, seconds
from quality.narrowing import narrowed, used
from quality.passes import Among, Asked, Cell, Columns, Few, readings
from quality.sources import CASES_IN_SCOPE, CASES_WHERE, MISSING_IN_SCOPE, listed
from quality.sums import Summed
from quality.tallies import Key, Tally
from quality.untold import Untold
from referral.clocks.data import MILESTONES
from registry.facilities.rules import local_date

LateEntries: TypeAlias = Literal["with", "without"]
Page: TypeAlias = Literal[
    "case", "case_file", "consult", "guidance", "reading", "review", "exercise", "return"
]  # fmt: skip
"""Kinds of pages that show what a row is about."""
State: TypeAlias = Literal["counted", "open", "inconsistent", "late_left_out", "outside"]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which cases are asked for, within what row-level security opens to the viewer.

    `frozen`: as this frozen period keeps them, not as they read now.
    """

    start: datetime
    end: datetime
    region_id: UUID | None = None
    facility_id: UUID | None = None
    frozen: UUID | None = None
    as_of: datetime | None = None
    """By when limits have ended or not; the period's end, if nothing is said."""

    reviews_kept: bool = True
    """False of a period that was closed before reviews were kept."""

    @property
    def last_day(self) -> date:
        """The period's last day in China."""
        return local_date(self.end - timedelta(microseconds=1))

    def values(self) -> dict[str, object]:
        """As parameters of the queries below."""
        return {
            "start": self.start,
            "end": self.end,
            "region": self.region_id,
            "facility": self.facility_id,
        }

    def known(self) -> dict[str, object]:
        """All that a population may ask of a scope, by name."""
        return {**self.values(), "last_day": self.last_day, "as_of": self.as_of or self.end}


@dataclass(frozen=True, slots=True)
class Reached:
    """One milestone of one case, as the view shows it."""

    at: datetime
    late: bool
    payload: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A counted case with its milestones; `listed`: whether it is the viewer's to open."""

    case_id: UUID
    number: str | None
    opened_at: datetime
    origin: UUID | None
    demo: bool
    listed: bool
    milestones: Mapping[str, Reached]


@dataclass(frozen=True, slots=True)
class Member:
    """One of a population as one indicator sees it, in the order of `_ROWS`.

    `case_id` is None where it is no case.
    """

    case_id: UUID | None
    number: str | None
    opened_at: datetime
    place: UUID | None
    from_at: datetime
    to_at: datetime | None
    late: bool
    demo: bool
    state: State
    reason: str | None
    met: bool
    seconds: float | None
    part: int
    whole: int


@dataclass(frozen=True, slots=True)
class Totals:
    """An indicator over a scope: in all, by facility, by month; why members lie outside; bins.

    Attributes:
        untold: why none of it may be said.
        more: how many facilities besides those of `places` have anything.
    """

    all: Group
    places: Sequence[Group]
    months: Sequence[Group]
    outside: Mapping[str, int]
    bins: Mapping[int, int]
    untold: Untold | None = None
    more: int = 0


@dataclass(frozen=True, slots=True)
class InScope:
    """How many cases the scope holds, and how many are in no indicator, and why.

    `missing`: their facts cannot be computed; what they are (a transfer, a file) is not known.
    """

    cases: int
    drills: int
    voided: int
    back_referrals: int
    missing: int


# ruff: noqa: S608  (the queries below are put together from constants)
_CASES = (
    "SELECT u.case_id, u.number, u.opened_at, u.origin, u.demo, u.late, u.said, {columns},"
    f" {listed('u.case_id')} AS listed FROM fact_case u"
    f" WHERE NOT (u.drill OR u.voided OR u.back) AND {CASES_IN_SCOPE} AND u.m_{{first}} IS NOT NULL"
    " ORDER BY u.opened_at, u.case_id"
)
IN_SCOPE = Tally(
    of="cases",
    place="origin",
    where=CASES_WHERE,
    inner={"drill": "u.drill", "voided": "u.voided", "back": "u.back"},
    outer=(
        "count(*) FILTER (WHERE NOT (s.drill OR s.voided OR s.back))",
        "count(*) FILTER (WHERE s.drill)",
        "count(*) FILTER (WHERE s.voided AND NOT s.drill)",
        "count(*) FILTER (WHERE s.back AND NOT (s.voided OR s.drill))",
    ),
    values={},
    from_at="u.opened_at",
)
"""Cases, drills, voided cases, back-referrals: as `InScope` has them."""

_PAGES = text("SELECT id, page FROM quality_page WHERE id = ANY(CAST(:ids AS uuid[]))")
_MISSING = text(f"SELECT count(*) FROM fact_set_aside u WHERE {MISSING_IN_SCOPE}")
CENTRES = (
    "SELECT f.id FROM facility f"
    " WHERE EXISTS (SELECT 1 FROM facility_role o WHERE o.facility_id = f.id"
    "        AND o.role = 'maternal_centre' AND o.during @> CAST(:last_day AS date))"
    "   AND (CAST(:region AS uuid) IS NULL OR EXISTS (SELECT 1 FROM region_closure r"
    "        WHERE r.descendant_id = f.region_id AND r.ancestor_id = :region))"
    "   AND (CAST(:facility AS uuid) IS NULL OR f.id = :facility)"
    " ORDER BY f.id"
)
"""Maternal rescue centres on the last day."""

_FROZEN_CENTRES = text(
    "SELECT u.facility_id FROM indicator_frozen_centre u WHERE u.freeze_id = :freeze"
    "   AND (CAST(:region AS uuid) IS NULL OR CAST(:region AS uuid) = ANY(u.region_ids))"
    "   AND (CAST(:facility AS uuid) IS NULL OR u.facility_id = :facility)"
    " ORDER BY u.facility_id"
)
_FROZEN_IN_SCOPE = text(
    "SELECT count(*) FILTER (WHERE u.left_out IS NULL) AS cases,"
    "       count(*) FILTER (WHERE u.left_out = 'drill') AS drills,"
    "       count(*) FILTER (WHERE u.left_out = 'voided') AS voided,"
    "       count(*) FILTER (WHERE u.left_out = 'back') AS back_referrals,"
    "       count(*) FILTER (WHERE u.left_out = 'missing') AS missing"
    "  FROM indicator_frozen_case u WHERE u.freeze_id = :freeze"
    "   AND (CAST(:region AS uuid) IS NULL OR CAST(:region AS uuid) = ANY(u.region_ids))"
    "   AND (CAST(:facility AS uuid) IS NULL OR CAST(:facility AS uuid) = ANY(u.facility_ids))"
)
_ROWS = """
WITH rows AS (
  SELECT r.case_id, r.number, r.opened_at, r.place, r.from_at, r.to_at, r.late, r.demo,
         CASE WHEN r.state = 'counted' AND r.late AND CAST(:late AS text) = 'without'
              THEN 'late_left_out' ELSE r.state END AS state,
         r.reason, r.met,
         CASE WHEN r.state = 'counted' AND NOT (r.late AND CAST(:late AS text) = 'without')
              THEN r.seconds END AS seconds,
         r.part, r.whole{also}
    FROM ({select}) r)
"""
_FROZEN_TOTALS = (
    _ROWS.replace("{also}", ", r.open")
    + f"""
SELECT GROUPING(place, month, reason, bin) AS part, place, month, reason, bin,
       CAST(coalesce(sum(whole) FILTER (WHERE state = 'counted'), 0) AS bigint) AS n,
       CAST(coalesce(sum(part) FILTER (WHERE state = 'counted'), 0) AS bigint) AS met,
       count(*) FILTER (WHERE state = 'open') AS open,
       count(*) FILTER (WHERE state = 'inconsistent') AS inconsistent,
       count(*) FILTER (WHERE late) AS late,
       count(*) FILTER (WHERE state = 'counted' AND demo) AS demo,
       count(*) FILTER (WHERE seconds <= CAST(:target AS bigint)) AS within,
       count(*) FILTER (WHERE NOT open) AS closed,
       percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY seconds) AS quantiles,
       min(seconds) AS min_s, max(seconds) AS max_s, count(*) AS members
  FROM (SELECT rows.*, to_char(from_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month,
               CAST(floor(seconds / {FINEST_S}) AS bigint) AS bin FROM rows) counted
 GROUP BY GROUPING SETS ((), (place), (month), (reason), (bin))
"""
)
_MEMBER_ROWS = _ROWS.replace("{also}", "")
_LISTED = listed("case_id")
_POINTS = (
    _MEMBER_ROWS
    + f"""
SELECT * FROM rows WHERE state = 'counted' AND {_LISTED} ORDER BY opened_at DESC, case_id
"""
)
RECENT = timedelta(days=31)
_MEMBERS = (
    _MEMBER_ROWS
    + f"""
SELECT * FROM rows WHERE {_LISTED}
 ORDER BY state <> 'counted', coalesce(seconds, 0) DESC, from_at, case_id, place, number
"""
)
_UNLISTED = (
    _MEMBER_ROWS
    + f"""
SELECT count(*) FROM rows WHERE (SELECT app_affairs_house()) IS NOT NULL AND NOT {_LISTED}
"""
)
_ALL, _PLACE, _MONTH, _REASON, _BIN = 15, 7, 11, 13, 14


async def frozen_totals(
    session: AsyncSession,
    scope: Scope,
    late: LateEntries,
    compiled: Compiled,
    target_s: int | None,
) -> Totals:
    """A frozen version's numbers over a scope, in one query; `compiled` says who is `open`."""
    found: dict[int, list[Row[Any]]] = {part: [] for part in (_ALL, _PLACE, _MONTH, _REASON, _BIN)}
    query, values = _asked(_FROZEN_TOTALS, scope, late, compiled)
    for row in await session.execute(query, {**values, "target": target_s}):
        found[row.part].append(row)
    places = [_group(row, row.place) for row in found[_PLACE] if row.place is not None]
    months = [_group(row, row.month) for row in found[_MONTH] if row.n]
    return Totals(
        all=_group(found[_ALL][0], None),
        places=sorted(places, key=lambda one: str(one.key)),
        months=sorted(months, key=lambda one: str(one.key)),
        outside={
            row.reason: row.members
            for row in sorted(found[_REASON], key=lambda row: str(row.reason))
            if row.reason is not None
        },
        bins={row.bin: row.members for row in found[_BIN] if row.bin is not None},
    )


async def totals(
    session: AsyncSession,
    scope: Scope,
    late: LateEntries,
    asked: Sequence[Asked],
    *,
    months: bool = False,
    few: Sequence[Few] | None = None,
) -> list[Totals]:
    """The numbers of each measure over a scope; by month too, for one measure at a time; of each
    measure's `few` facilities, where no more are shown.

    Also of what the viewer may only count (`closed`): `quality.closed_numbers` says what of it is
    told.
    """
    assert not months or len(asked) <= 1  # noqa: S101
    by: tuple[Key, ...] = ("place", "month") if months else ("place",)
    found: dict[int, Totals] = {}
    known = scope.known()
    read = readings(asked, without_late=late == "without")
    async with aclosing(tallied(session, [one.tally for one in read], by, known)) as tallies:
        for reading in read:
            sums = await anext(tallies)
            places = sums.by(0)
            whole = places.whole()
            each_month = sums.by(1) if months else None
            wanted = {} if few is None else {few[number] for number in reading.numbers}
            among = {one: one.among(places.keys) for one in wanted}
            for number, columns in zip(reading.numbers, reading.columns, strict=True):
                shown = None if few is None else among[few[number]]
                found[number] = _totals(columns, whole, places, each_month, shown)
    return [found[number] for number in range(len(asked))]


def _totals(
    columns: Columns,
    whole: Summed[None],
    places: Summed[Hashable],
    months: Summed[Hashable] | None,
    few: Among | None,
) -> Totals:
    all_ = columns.groups(whole)[0]
    (durations,) = columns.durations_of(whole) or [b""]
    fine, counts = np.unique((seconds(durations) // FINEST_S).astype(np.int64), return_counts=True)
    by_month = [] if months is None else columns.groups(months)
    some, more = (columns.groups(places), 0) if few is None else columns.few(places, few)
    return Totals(
        all=all_,
        places=_in_order(one for one in some if one.key is not None),
        months=_in_order(
            msgspec.structs.replace(one, key=f"{one.key:%Y-%m}")
            for one in by_month
            if one.key and one.n
        ),
        outside=columns.outside(whole),
        bins=dict(zip(fine.tolist(), counts.tolist(), strict=True)),
        more=more,
    )


def _in_order(some: Iterable[Group]) -> list[Group]:
    return sorted(some, key=lambda one: str(one.key))


async def counted(
    session: AsyncSession,
    scope: Scope,
    late: LateEntries,
    asked: Sequence[Asked],
    by: Sequence[Key],
) -> list[dict[tuple[Hashable, ...], Cell]]:
    """The cells of each measure over a scope."""
    found: list[dict[tuple[Hashable, ...], Cell]] = [{} for _ in asked]
    known = scope.known()
    read = readings(asked, without_late=late == "without")
    async with aclosing(tallied(session, [one.tally for one in read], by, known)) as tallies:
        for reading in read:
            summed = (await anext(tallies)).by_all()
            for number, columns in zip(reading.numbers, reading.columns, strict=True):
                found[number] = columns.cells(summed)
    return found


async def members(
    session: AsyncSession, scope: Scope, late: LateEntries, compiled: Compiled, most: int
) -> list[Member]:
    """Those behind a number that the viewer may open, slowest first, those not counted last."""
    return await _read(session, _MEMBERS, scope, late, compiled, most)


async def unlisted(
    session: AsyncSession, scope: Scope, late: LateEntries, compiled: Compiled
) -> int:
    """How many stand behind a number that the viewer counts and may not open."""
    found = await session.execute(*_asked(_UNLISTED, scope, late, compiled))
    return int(found.scalar_one())


async def points(
    session: AsyncSession, scope: Scope, late: LateEntries, compiled: Compiled, most: int
) -> list[Member]:
    """The newest counted ones, in the order of their opening."""
    found: list[Member] = []
    if scope.frozen is None and scope.end - scope.start > RECENT:
        # A year is not sorted where its last month holds as many as are shown.
        last = replace(scope, start=scope.end - RECENT)
        found = await _read(session, _POINTS, last, late, compiled, most)
    if len(found) < most:
        found = await _read(session, _POINTS, scope, late, compiled, most)
    return found[::-1]


async def pages(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID | None, Page]:
    """The kind of page that shows each of some cases, of those that the viewer may open."""
    rows = await session.execute(_PAGES, {"ids": list(ids)}) if ids else ()
    return {row.id: row.page for row in rows}


async def _read(
    session: AsyncSession,
    query: str,
    scope: Scope,
    late: LateEntries,
    compiled: Compiled,
    most: int,
) -> list[Member]:
    limited, values = _asked(query + " LIMIT :most", scope, late, compiled)
    rows = await session.execute(limited, {**values, "most": most})
    return [Member(*row) for row in rows]


def _asked(
    query: str, scope: Scope, late: LateEntries, compiled: Compiled
) -> tuple[TextClause, dict[str, object]]:
    """The statement and its parameters."""
    select = narrowed(compiled.select, scope.values())
    values = {**compiled.values, **used(select, scope.known()), "late": late}
    return text(query.format(select=select)), values


def _group(row: Row[Any], key: object) -> Group:
    p50_s, p90_s = row.quantiles or (None, None)
    return Group(
        key=key,
        n=row.n,
        met=row.met,
        open=row.open,
        inconsistent=row.inconsistent,
        late=row.late,
        demo=row.demo,
        within=row.within,
        closed=row.closed,
        p50_s=p50_s,
        p90_s=p90_s,
        min_s=row.min_s,
        max_s=row.max_s,
    )


async def centres(session: AsyncSession, scope: Scope) -> list[UUID]:
    """Maternal rescue centres of the scope on the period's last day."""
    values = {"region": scope.region_id, "facility": scope.facility_id}
    if scope.frozen is not None:
        found = await session.execute(_FROZEN_CENTRES, {**values, "freeze": scope.frozen})
    else:
        found = await session.execute(text(CENTRES), {**values, "last_day": scope.last_day})
    return list(found.scalars())


async def cases(session: AsyncSession, scope: Scope, milestones: Sequence[str]) -> list[CaseRow]:
    """Counted cases of the scope that reached the first of some milestones, by opening time."""
    assert set(milestones) <= MILESTONES.keys()  # noqa: S101  (they become names of columns)
    columns = ", ".join(f"u.m_{name}" for name in milestones)
    query = narrowed(_CASES.format(columns=columns, first=milestones[0]), scope.values())
    found = text(query).columns(said=JSONB)
    return [
        CaseRow(
            case_id=row.case_id,
            number=row.number,
            opened_at=row.opened_at,
            origin=row.origin,
            demo=row.demo,
            listed=row.listed,
            milestones={
                name: Reached(at, name in (row.late or ()), (row.said or {}).get(name, {}))
                for name in milestones
                if (at := row._mapping[f"m_{name}"]) is not None
            },
        )
        for row in await session.execute(found, used(query, scope.values()))
    ]


async def in_scope(session: AsyncSession, scope: Scope) -> InScope:
    """Cases of the scope; drills, voided cases, back-referrals and those that cannot be counted."""
    if scope.frozen is not None:
        values = {"region": scope.region_id, "facility": scope.facility_id}
        found = await session.execute(_FROZEN_IN_SCOPE, {**values, "freeze": scope.frozen})
    else:
        (sums,) = [one async for one in tallied(session, [IN_SCOPE], (), scope.values())]
        ((cases, drills, voided, back, _),) = sums.by_all().whole().counts.tolist()
        missing = (await session.execute(_MISSING, scope.values())).scalar_one()
        return InScope(cases, drills, voided, back, missing)
    return InScope(**found.one()._mapping)
