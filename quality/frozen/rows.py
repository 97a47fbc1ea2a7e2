"""Rows of frozen periods: kept in one statement, read like the rows of any indicator."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from quality.compiling import Compiled, compiled
from quality.handbook.versions import Version
from quality.repository import CENTRES, LateEntries, Scope
from quality.sources import (
    CASES_IN_SCOPE,
    HOUSES_OF_CASE,
    MISSING_IN_SCOPE,
    listed,
    region_of,
    regions_around,
)
from quality.untold import by_period, confidential
from quality.vocabulary import RateMeasure

_COLUMNS: Final = (
    "case_id, number, opened_at, place, from_at, to_at, late, demo, state, reason, met, seconds,"
    " part, whole"
)
_KEPT: Final = _COLUMNS.replace(
    "part, whole", "coalesce(part, CAST(met AS int)) AS part, coalesce(whole, 1) AS whole"
)
"""As above, of what is no rate; frozen before there were rates it counts as one."""

_MEMBER, _REVIEW = "indicator_frozen_member", "indicator_frozen_review"
"""Where members are kept: reviews and their measures open by rules of their own."""

# ruff: noqa: S608  (the queries below are put together from constants)
IN_SCOPE: Final = """
    (CAST(:region AS uuid) IS NULL OR CAST(:region AS uuid) = ANY(u.region_ids))
    AND (CAST(:facility AS uuid) IS NULL OR CAST(:facility AS uuid) = ANY(u.facility_ids))
"""
_ROWS = f"""
    SELECT {{columns}}, true AS open FROM {_MEMBER} u
     WHERE u.freeze_id = CAST(:freeze AS uuid) AND u.version_id = CAST(:version AS uuid)
       AND {IN_SCOPE}"""
_REVIEWS = f"""
    SELECT {_COLUMNS}, open
      FROM quality_frozen_reviews(CAST(:freeze AS uuid), CAST(:version AS uuid)) u
     WHERE {IN_SCOPE}"""

# One statement is one snapshot: cases, centres and all members are of the same moment.
_KEEP = """
WITH kept_cases AS (
  INSERT INTO indicator_frozen_case
    (freeze_id, case_id, left_out, last_seq, region_ids, facility_ids)
  SELECT CAST(:freeze AS uuid), u.case_id,
         CASE WHEN u.drill THEN 'drill' WHEN u.voided THEN 'voided' WHEN u.back THEN 'back' END,
         (SELECT h.seq FROM case_head h WHERE h.case_id = u.case_id), {regions}, {houses}
    FROM fact_case u WHERE {cases}
  UNION ALL
  SELECT CAST(:freeze AS uuid), u.case_id, 'missing',
         (SELECT h.seq FROM case_head h WHERE h.case_id = u.case_id), {regions}, ARRAY[u.origin]
    FROM fact_set_aside u WHERE {missing}
), kept_centres AS (
  INSERT INTO indicator_frozen_centre (freeze_id, facility_id, region_ids)
  SELECT CAST(:freeze AS uuid), u.id, {centre_regions} FROM ({centres}) u
), kept_versions AS (
  INSERT INTO indicator_frozen_version (freeze_id, version_id)
  SELECT CAST(:freeze AS uuid), unnest(CAST(:versions AS uuid[]))
){members}
SELECT 1
"""
_INTO = """
INSERT INTO {table} (freeze_id, version_id, {columns}, region_ids, facility_ids)
{members}
"""
_MEMBERS = """
SELECT CAST(:freeze AS uuid), CAST(:{version} AS uuid), {columns}, region_ids, facility_ids
  FROM ({select}) r
"""
_CHANGED = """
WITH was AS (SELECT {columns} FROM ({was}) f), now AS (SELECT {columns} FROM ({select}) r)
SELECT 'before' AS side, *, {listed} AS listed FROM (TABLE was EXCEPT ALL TABLE now) gone
UNION ALL
SELECT 'after' AS side, *, {listed} AS listed FROM (TABLE now EXCEPT ALL TABLE was) come
 ORDER BY opened_at, case_id, number, side DESC
"""
_FIGURE = text(
    "INSERT INTO indicator_frozen_figure (freeze_id, version_id, late, figures)"
    " VALUES (:freeze, :version, :late, :figures)"
)
_FIGURES = text(
    "SELECT version_id, late, figures FROM indicator_frozen_figure WHERE freeze_id = :freeze"
)
_VERSIONS = text("SELECT version_id FROM indicator_frozen_version WHERE freeze_id = :freeze")

Side: TypeAlias = Literal["before", "after"]


@dataclass(frozen=True, slots=True)
class Changed:
    """A row that stands only on one side: as it was frozen, or as it reads now.

    `listed`: whether it is the viewer's to open.
    """

    side: Side
    case_id: UUID | None
    number: str | None
    opened_at: datetime
    place: UUID | None
    from_at: datetime
    to_at: datetime | None
    late: bool
    demo: bool
    state: str
    reason: str | None
    met: bool
    seconds: float | None
    part: int
    whole: int
    listed: bool


def counted_rows(freeze_id: UUID, version: Version) -> Compiled:
    """A version's rows in a frozen period, within the scope's region and facility.

    Those that the viewer may only count are among them, not `open` and without `case_id`.
    """
    measure = version.definition.measure
    if confidential(measure):
        select = _REVIEWS
    else:
        # Of a rate, an amount that nobody gave is none.
        select = _ROWS.format(columns=_COLUMNS if isinstance(measure, RateMeasure) else _KEPT)
    return Compiled(select, {"freeze": freeze_id, "version": version.id})


def rows_of(freeze_id: UUID, version: Version) -> Compiled:
    """As `counted_rows`, of those that the viewer may read."""
    counted = counted_rows(freeze_id, version)
    if not confidential(version.definition.measure):
        return counted
    return Compiled(f"{counted.select} AND u.open", counted.values)


async def keep(
    session: AsyncSession, freeze_id: UUID, scope: Scope, versions: Sequence[Version]
) -> None:
    """Keep every member of every population of `versions` as it counts now."""
    values: dict[str, object] = {"freeze": freeze_id}
    members: dict[str, list[str]] = {_MEMBER: [], _REVIEW: []}
    for n, version in enumerate(versions):
        rows = kept_rows(version, scope, prefix=f"m{n}x", keeping=True)
        if rows is None:
            continue
        named = f"of{n}"
        values |= {named: version.id, **rows.values}
        table = _REVIEW if confidential(version.definition.measure) else _MEMBER
        members[table].append(_MEMBERS.format(version=named, columns=_COLUMNS, select=rows.select))
    into = [
        _INTO.format(table=table, columns=_COLUMNS, members=" UNION ALL ".join(some))
        for table, some in members.items()
        if some
    ]
    query = _KEEP.format(
        regions=regions_around(region_of("u.origin")),
        houses=HOUSES_OF_CASE,
        cases=CASES_IN_SCOPE,
        missing=MISSING_IN_SCOPE,
        centre_regions=regions_around(region_of("u.id")),
        centres=CENTRES,
        members="".join(f", kept_{n} AS ({one})" for n, one in enumerate(into)),
    )
    values["versions"] = [one.id for one in versions]
    values |= {name: value for name, value in scope.known().items() if f":{name}" in query}
    await session.execute(text(query), values)


def kept_rows(
    version: Version, scope: Scope, prefix: str = "v", *, keeping: bool = False
) -> Compiled | None:
    """The rows of a version that a closed period keeps, of whom the viewer may read; None: none.

    Args:
        keeping: also of whom she only counts.
    """
    measure = version.definition.measure
    if by_period(measure, scope.start, scope.end, reviews_kept=scope.reviews_kept) is not None:
        return None
    return compiled(measure, prefix, keeping=keeping)


async def changed(
    session: AsyncSession, freeze_id: UUID, version: Version, now: Scope, most: int
) -> list[Changed]:
    """Rows that do not read now as they were frozen; `now` is the frozen period, asked anew."""
    live = kept_rows(version, now)
    if live is None:
        return []
    frozen = rows_of(freeze_id, version)
    query = _CHANGED.format(
        was=frozen.select, columns=_COLUMNS, select=live.select, listed=listed("case_id")
    )
    known = {**now.known(), "most": most}
    query += " LIMIT :most"
    values = {name: value for name, value in known.items() if f":{name}" in query}
    rows = await session.execute(text(query), {**live.values, **frozen.values, **values})
    return [Changed(**row._mapping) for row in rows]


async def keep_figure(
    session: AsyncSession, freeze_id: UUID, version_id: UUID, late: LateEntries, figures: bytes
) -> None:
    """Keep what a version came to."""
    values: dict[str, Any] = {"freeze": freeze_id, "version": version_id}
    await session.execute(_FIGURE, values | {"late": late, "figures": figures})


async def figures(session: AsyncSession, freeze_id: UUID) -> dict[tuple[UUID, LateEntries], bytes]:
    """Kept figures by version, with and without late entries; open to who oversees the region."""
    return {
        (row.version_id, row.late): bytes(row.figures)
        for row in await session.execute(_FIGURES, {"freeze": freeze_id})
    }


async def version_ids(session: AsyncSession, freeze_id: UUID) -> set[UUID]:
    """The versions that a period keeps."""
    return set((await session.execute(_VERSIONS, {"freeze": freeze_id})).scalars())
