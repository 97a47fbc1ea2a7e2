"""The one place that reads the indicator views."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal, TypeAlias
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from quality.compiling import CASES_IN_SCOPE, Compiled
from quality.distributions import FINEST_S
from registry.facilities.rules import local_date

LateEntries: TypeAlias = Literal["with", "without"]
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


@dataclass(frozen=True, slots=True)
class Reached:
    """One milestone of one case, as the view shows it."""

    at: datetime
    late: bool
    payload: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A counted case with its milestones."""

    case_id: UUID
    number: str | None
    opened_at: datetime
    origin: UUID | None
    demo: bool
    milestones: Mapping[str, Reached]


@dataclass(frozen=True, slots=True)
class Member:
    """One of a population as one indicator sees it; `case_id` is None where it is no case."""

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


@dataclass(frozen=True, slots=True)
class Group:
    """What a group of members comes to: all of them, a facility, a month.

    Attributes:
        n: counted; `met` of them stand in the numerator of a share.
        late: members with a late entry, counted or not.
        demo: counted members whose times were made up.
        within: counted members whose interval met the target.
    """

    key: object
    n: int
    met: int
    open: int
    inconsistent: int
    late: int
    demo: int
    within: int
    p50_s: float | None
    p90_s: float | None
    min_s: float | None
    max_s: float | None


@dataclass(frozen=True, slots=True)
class Totals:
    """An indicator over a scope: in all, by facility, by month; why members lie outside; bins."""

    all: Group
    places: Sequence[Group]
    months: Sequence[Group]
    outside: Mapping[str, int]
    bins: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class InScope:
    """How many cases the scope holds, and how many are in no indicator, and why."""

    cases: int
    drills: int
    voided: int
    back_referrals: int


# ruff: noqa: S608  (the queries below are put together from constants)
_CASES = text(
    "SELECT u.case_id, u.number, u.opened_at, u.origin, u.demo FROM quality_case u"
    f" WHERE NOT (u.drill OR u.voided OR u.back) AND {CASES_IN_SCOPE}"
    " ORDER BY u.opened_at, u.case_id"
)
_MILESTONES = text(
    "SELECT m.case_id, m.milestone, m.at, m.late, m.payload FROM quality_milestone m"
    " WHERE m.case_id = ANY(:cases)"
).columns(payload=JSONB)
_IN_SCOPE = text(
    "SELECT count(*) FILTER (WHERE NOT (u.drill OR u.voided OR u.back)) AS cases,"
    "       count(*) FILTER (WHERE u.drill) AS drills,"
    "       count(*) FILTER (WHERE u.voided AND NOT u.drill) AS voided,"
    "       count(*) FILTER (WHERE u.back AND NOT (u.voided OR u.drill)) AS back_referrals"
    f" FROM quality_case u WHERE {CASES_IN_SCOPE}"
)
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
    "       count(*) FILTER (WHERE u.left_out = 'back') AS back_referrals"
    "  FROM indicator_frozen_case u WHERE u.freeze_id = :freeze"
    "   AND (CAST(:region AS uuid) IS NULL OR CAST(:region AS uuid) = ANY(u.region_ids))"
    "   AND (CAST(:facility AS uuid) IS NULL OR CAST(:facility AS uuid) = ANY(u.facility_ids))"
)
_ROWS = """
WITH {with_} rows AS (
  SELECT r.case_id, r.number, r.opened_at, r.place, r.from_at, r.to_at, r.late, r.demo,
         CASE WHEN r.state = 'counted' AND r.late AND CAST(:late AS text) = 'without'
              THEN 'late_left_out' ELSE r.state END AS state,
         r.reason, r.met,
         CASE WHEN r.state = 'counted' AND NOT (r.late AND CAST(:late AS text) = 'without')
              THEN r.seconds END AS seconds
    FROM ({select}) r)
"""
_TOTALS = (
    _ROWS
    + f"""
SELECT GROUPING(place, month, reason, bin) AS part, place, month, reason, bin,
       count(*) FILTER (WHERE state = 'counted') AS n,
       count(*) FILTER (WHERE state = 'counted' AND met) AS met,
       count(*) FILTER (WHERE state = 'open') AS open,
       count(*) FILTER (WHERE state = 'inconsistent') AS inconsistent,
       count(*) FILTER (WHERE late) AS late,
       count(*) FILTER (WHERE state = 'counted' AND demo) AS demo,
       count(*) FILTER (WHERE seconds <= CAST(:target AS bigint)) AS within,
       percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY seconds) AS quantiles,
       min(seconds) AS min_s, max(seconds) AS max_s, count(*) AS members
  FROM (SELECT rows.*, to_char(from_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month,
               CAST(floor(seconds / {FINEST_S}) AS bigint) AS bin FROM rows) counted
 GROUP BY GROUPING SETS ((), (place), (month), (reason), (bin))
"""
)
_POINTS = _ROWS + "SELECT * FROM rows WHERE state = 'counted' ORDER BY opened_at DESC, case_id"
_MEMBERS = (
    _ROWS
    + """
SELECT * FROM rows
 ORDER BY coalesce(seconds, 0) DESC, from_at, case_id, place, number
"""
)
_ALL, _PLACE, _MONTH, _REASON, _BIN = 15, 7, 11, 13, 14


async def totals(
    session: AsyncSession,
    scope: Scope,
    late: LateEntries,
    compiled: Compiled,
    target_s: int | None,
) -> Totals:
    """An indicator's numbers over a scope, in one query."""
    found: dict[int, list[Row[Any]]] = {part: [] for part in (_ALL, _PLACE, _MONTH, _REASON, _BIN)}
    values = _values(scope, late, compiled) | {"target": target_s}
    for row in await session.execute(_query(_TOTALS, compiled), values):
        found[row.part].append(row)
    places = [_group(row, row.place) for row in found[_PLACE] if row.place is not None]
    months = [_group(row, row.month) for row in found[_MONTH] if row.n]
    return Totals(
        all=_group(found[_ALL][0], None),
        places=sorted(places, key=lambda one: str(one.key)),
        months=sorted(months, key=lambda one: str(one.key)),
        outside={row.reason: row.members for row in found[_REASON] if row.reason is not None},
        bins={row.bin: row.members for row in found[_BIN] if row.bin is not None},
    )


async def members(
    session: AsyncSession, scope: Scope, late: LateEntries, compiled: Compiled, most: int
) -> list[Member]:
    """Those behind a number, counted or not, slowest first."""
    return await _read(session, _MEMBERS, scope, late, compiled, most)


async def points(
    session: AsyncSession, scope: Scope, late: LateEntries, compiled: Compiled, most: int
) -> list[Member]:
    """The newest counted ones, in the order of their opening."""
    return (await _read(session, _POINTS, scope, late, compiled, most))[::-1]


async def _read(
    session: AsyncSession,
    query: str,
    scope: Scope,
    late: LateEntries,
    compiled: Compiled,
    most: int,
) -> list[Member]:
    values = _values(scope, late, compiled) | {"most": most}
    rows = await session.execute(_query(query + " LIMIT :most", compiled), values)
    return [Member(**row._mapping) for row in rows]


def _query(query: str, compiled: Compiled) -> Any:
    return text(query.format(with_=compiled.with_, select=compiled.select))


def _values(scope: Scope, late: LateEntries, compiled: Compiled) -> dict[str, object]:
    known = {**scope.values(), "last_day": scope.last_day, "late": late}
    used = compiled.with_ + compiled.select
    return {
        **compiled.values,
        **{name: value for name, value in known.items() if name == "late" or f":{name}" in used},
    }


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


async def cases(session: AsyncSession, scope: Scope) -> list[CaseRow]:
    """Counted cases of the scope with all their milestones, by opening time."""
    rows = (await session.execute(_CASES, scope.values())).all()
    milestones: dict[UUID, dict[str, Reached]] = {row.case_id: {} for row in rows}
    for reached in await session.execute(_MILESTONES, {"cases": list(milestones)}):
        milestones[reached.case_id][reached.milestone] = Reached(
            reached.at, reached.late, reached.payload
        )
    return [
        CaseRow(
            case_id=row.case_id,
            number=row.number,
            opened_at=row.opened_at,
            origin=row.origin,
            demo=row.demo,
            milestones=milestones[row.case_id],
        )
        for row in rows
    ]


async def in_scope(session: AsyncSession, scope: Scope) -> InScope:
    """Cases of the scope; drills, voided cases and back-referrals, which no indicator counts."""
    if scope.frozen is not None:
        values = {"region": scope.region_id, "facility": scope.facility_id}
        found = await session.execute(_FROZEN_IN_SCOPE, {**values, "freeze": scope.frozen})
    else:
        found = await session.execute(_IN_SCOPE, scope.values())
    row = found.one()
    return InScope(row.cases, row.drills, row.voided, row.back_referrals)
