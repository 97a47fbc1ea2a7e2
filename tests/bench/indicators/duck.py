"""The same counts by DuckDB: the same facts in its own tables, its own SQL for every definition.

Nothing of `quality.compiling` or `quality.passes` is used, so that equal numbers mean something.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import asyncpg
import duckdb

from quality.definitions import Definition
from quality.vocabulary import (
    CountMeasure,
    Criterion,
    ElsewhereMeasure,
    IntervalMeasure,
    ShareMeasure,
)
from referral.clocks.data import MILESTONES

_US = "CAST(extract(epoch FROM {at}) * 1000000 AS bigint)"
_MOMENTS: Final = ", ".join(f"{_US.format(at=f'm_{n}')} AS m_{n}" for n in sorted(MILESTONES))
_FIELDS: Final = {
    "deliveries": "facility_id AS house, facility_id AS place, false AS late, false AS demo,"
    " from_28_weeks, preterm, early_preterm, caesarean, vaginal, primiparous, neuraxial,"
    " severe_haemorrhage, transfused, hysterectomy, reoperation, died, transferred_in",
    "newborns": "facility_id AS house, facility_id AS place, false AS late, false AS demo,"
    " live_born, from_28_weeks, term, macrosomic, apgar5_below_7",
    "cases": "origin AS house, origin AS place, receiver, demo, acuity, colour, condition,"
    " self_arrived, coalesce(array_to_string(late, ' '), '') AS entered,"
    f" CAST(said -> 'decision_for_cs' ->> 'urgency_class' AS int) AS urgency_class, {_MOMENTS}",
    "guidance": "centre AS house, centre AS place, late, demo, coalesce(upper_tier, false)"
    " AS upper_tier, in_area",
    "case_files": "facility_id AS house, facility_id AS place, false AS late, demo, colour, purple,"
    " agreed, report_due, reported_in_time",
    "consults": "facility_id AS house, facility_id AS place, false AS late, demo, urgency, held",
}
_FROM: Final = {
    "deliveries": "fact_delivery",
    "newborns": "fact_newborn",
    "cases": "fact_case WHERE NOT (drill OR voided OR back)",
    "guidance": "(SELECT DISTINCT ON (about, centre) * FROM fact_guidance"
    " WHERE NOT (drill OR voided) ORDER BY about, centre, late, at, case_id) u",
    "case_files": "fact_case_file WHERE NOT voided",
    "consults": "fact_consult u WHERE told_of IS NULL AND NOT EXISTS"
    " (SELECT 1 FROM fact_consult t WHERE t.told_of = u.case_id::text AND t.drill)",
}
_HOUSES: Final = """
SELECT f.id AS house,
       max(r.ancestor_id::text) FILTER (WHERE g.level = 'province') AS province,
       max(r.ancestor_id::text) FILTER (WHERE g.level = 'city') AS city,
       max(r.ancestor_id::text) FILTER (WHERE g.level = 'county') AS county
  FROM facility f JOIN region_closure r ON r.descendant_id = f.region_id
  JOIN region g ON g.id = r.ancestor_id GROUP BY f.id
"""
_TYPES: Final = {
    "bool": "BOOLEAN",
    "int4": "INTEGER",
    "int8": "BIGINT",
    "text": "VARCHAR",
    "uuid": "UUID",
}
NUMBERS: Final = ("n", "met", "open", "inconsistent", "late", "demo", "within")


@dataclass(frozen=True, slots=True)
class Found:
    """What one definition comes to somewhere."""

    counts: tuple[int, ...]
    p50_s: float | None
    p90_s: float | None


async def take(url: str, place: Path) -> duckdb.DuckDBPyConnection:
    """A DuckDB with the facts in tables of its own; not timed."""
    tables = place / "facts.duckdb"
    tables.unlink(missing_ok=True)  # of an earlier run over a kept year
    pg, duck = await asyncpg.connect(url), duckdb.connect(str(tables))
    try:
        queries = {of: f"SELECT {_FIELDS[of]} FROM {_FROM[of]}" for of in _FIELDS}
        for name, query in {**queries, "houses": _HOUSES}.items():
            file = place / f"{name}.csv"
            await pg.copy_from_query(query, output=str(file), format="csv", header=True)
            shown = (await pg.prepare(query)).get_attributes()
            columns = {one.name: _TYPES[one.type.name] for one in shown}
            duck.execute(
                f"CREATE TABLE {name} AS SELECT * FROM read_csv('{file}', columns={columns})"
            )
            file.unlink()
    finally:
        await pg.close()
    return duck


def count(
    duck: duckdb.DuckDBPyConnection, definitions: Sequence[Definition]
) -> dict[tuple[str, UUID], Found]:
    """Every definition for every region and facility, late entries counted."""
    found = {}
    groups: dict[tuple[str, str], list[Definition]] = {}
    for one in definitions:
        measure = one.measure
        if isinstance(measure, ElsewhereMeasure):
            continue
        of = "cases" if isinstance(measure, IntervalMeasure) else measure.of
        if of in _FIELDS:
            groups.setdefault((of, measure.place), []).append(one)
    for (of, place), members in groups.items():
        whose = "receiver" if place == "receiver" and of == "cases" else "place"
        counts = ", ".join(sql for one in members for sql in _counts(one))
        query = f"""
SELECT coalesce(h.province, h.city, h.county, CAST(u.{whose} AS varchar)) AS area, {counts}
  FROM {of} u JOIN houses h ON h.house = u.house
 GROUP BY GROUPING SETS ((h.province), (h.city), (h.county), (u.{whose}))"""
        width = len(NUMBERS) + 1
        for area, *told in duck.execute(query).fetchall():
            if area is None:
                continue
            for at, one in enumerate(members):
                *numbers, quantiles = told[at * width : (at + 1) * width]
                p50, p90 = quantiles or (None, None)
                key = one.code, UUID(str(area))
                found[key] = Found(tuple(int(n or 0) for n in numbers), p50, p90)
    return found


def _counts(one: Definition) -> Iterator[str]:
    """Seven counts and two quantiles."""
    measure, target = one.measure, one.target
    seconds = "NULL::double"
    inside, met, opened, wrong = "true", "false", "false", "false"
    if isinstance(measure, IntervalMeasure):
        wanted = measure.interval
        start, end = f"u.m_{wanted.start}", f"u.m_{wanted.end}"
        parts = [f"{start} IS NOT NULL", *(f"u.{k} = {v}" for k, v in wanted.where.items())]
        inside = f"coalesce({' AND '.join(parts)}, false)"
        opened = f"({end} IS NULL)"
        wrong = f"coalesce({end} < {start}, false)"
        counted = f"{inside} AND NOT {opened} AND NOT {wrong}"
        seconds = f"({end} - {start}) / 1000000.0"
        late = _late((wanted.start, wanted.end))
    else:
        assert isinstance(measure, CountMeasure | ShareMeasure)
        counted = " AND ".join(map(_holds, measure.where)) or "true"
        asked = list(measure.where)
        if isinstance(measure, ShareMeasure):
            met = " AND ".join(map(_holds, measure.met))
            asked += measure.met
        names = [n for c in asked for n in (c.reached, c.after) if n is not None]
        late = _late(names) if measure.of == "cases" else "u.late"
    within = f"{seconds} <= {target.seconds}" if target and target.seconds else "false"
    yield f"count(*) FILTER (WHERE {counted})"
    yield f"count(*) FILTER (WHERE {counted} AND {met})"
    yield f"count(*) FILTER (WHERE {inside} AND {opened})"
    yield f"count(*) FILTER (WHERE {inside} AND {wrong})"
    yield f"count(*) FILTER (WHERE {inside} AND {late})"
    yield f"count(*) FILTER (WHERE {counted} AND u.demo)"
    yield f"count(*) FILTER (WHERE {counted} AND {within})"
    yield f"quantile_cont({seconds}, [0.5, 0.9]) FILTER (WHERE {counted})"


def _late(milestones: Sequence[str]) -> str:
    names = dict.fromkeys(milestones)
    tests = (f"list_contains(string_split(u.entered, ' '), '{name}')" for name in names)
    return f"(coalesce(u.entered, '') <> '' AND ({' OR '.join([*tests, 'false'])}))"


def _holds(one: Criterion) -> str:
    if one.field is not None:
        test = f"u.{one.field} IN ({', '.join(map(_literal, one.one_of))})"
    elif one.after is None:
        test = f"u.m_{one.reached} IS NOT NULL"
    else:
        reached, after = f"u.m_{one.reached}", f"u.m_{one.after}"
        test = f"{reached} >= {after} AND {reached} <= {after} + {one.within_s} * 1000000"
    return f"coalesce({'NOT ' if one.negate else ''}({test}), false)"


def _literal(value: Any) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value).lower()
