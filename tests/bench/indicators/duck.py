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
from quality.repository import Scope
from quality.vocabulary import (
    Criterion,
    ElsewhereMeasure,
    IntervalMeasure,
    RateMeasure,
    ShareMeasure,
)
from referral.clocks.data import MILESTONES

_AT_HOUSE: Final = "facility_id AS house, facility_id AS place, false AS late, false AS demo"
_OF_RETURNS: Final = (
    "residence = 'all' OR wholes = 0 AS overall, coalesce(covers = 'area', false)"
    " AND level = 'county' AS adds_up, day = last_day AS this_year"
)
_RETURNS: Final = (
    "(SELECT a.*, g.level, count(*) FILTER (WHERE a.residence = 'all') OVER"
    " (PARTITION BY a.facility_id, a.day, a.covers) AS wholes, date '{last}' AS last_day"
    " FROM {table} a JOIN facility f ON f.id = a.facility_id JOIN region g ON g.id = f.region_id) u"
)
_SEVERE: Final = "fact_case WHERE severe_outcome IS NOT NULL AND NOT (drill OR voided OR back)"
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
    "districts": "id AS house, CAST(NULL AS uuid) AS place, false AS late, false AS demo,"
    " has_maternal_centre, answered_for, has_experts",
    "pregnancies": f"{_AT_HOUSE}, assessed, colour, purple, at_high_risk, file_id IS NOT NULL"
    " AS has_file",
    "exercises": f"{_AT_HOUSE}, kind, scenario, state = 'debriefed' AS debriefed",
    "handed_in": f"{_AT_HOUSE}, form",
    "bed_counts": f"{_AT_HOUSE}, kind, total AS beds, 1 AS houses",
    "annual_returns": f"{_AT_HOUSE}, covers, residence, women, live_births, booked_early,"
    f" examined, managed, high_risk, born_in_hospital, visited, deaths, {_OF_RETURNS}",
    "child_returns": f"{_AT_HOUSE}, covers, residence, live_births, neonatal_deaths,"
    f" infant_deaths, under5_deaths, {_OF_RETURNS}",
    "practice_cards": f"{_AT_HOUSE}, profession, service, active",
    "house_licences": f"{_AT_HOUSE}, service, active",
    "severe_outcomes": "treating AS house, treating AS place, false AS late, demo,"
    " severe_outcome AS outcome, (severe_outcome = 'near_miss')::int AS near_misses,"
    " (severe_outcome = 'death')::int AS deaths",
    "outcomes_and_births": "house, house AS place, false AS late, demo, covers, overall,"
    " this_year, births_given, near_misses, deaths, severe_outcomes, live_births",
    "obstetricians_and_beds": "house, house AS place, false AS late, false AS demo, this_year,"
    " beds_given, obstetricians, beds",
    "death_steps": "house, house AS place, false AS late, demo, who, step, done, in_time",
    "reviews": "facility_id AS house, facility_id AS place, false AS late, demo, kind, level,"
    " conclusion, decisive, held_at <= due_at AS in_time",
    "review_measures": "facility_id AS house, facility_id AS place, false AS late, demo, kind,"
    " state = 'dropped' AS dropped, state = 'verified' AS verified, coalesce(state = 'verified'"
    " AND done_at < (due_on + 1)::timestamp AT TIME ZONE 'Asia/Shanghai', false) AS in_time",
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
    "districts": "(SELECT g.id, g.id IN (SELECT r.ancestor_id FROM facility_role o"
    " JOIN facility f ON f.id = o.facility_id JOIN region_closure r ON r.descendant_id ="
    " f.region_id WHERE o.role = 'maternal_centre' AND o.during @> date '{last}')"
    " AS has_maternal_centre, EXISTS (SELECT 1 FROM responsible_area a WHERE a.kind = 'maternal'"
    " AND a.during @> date '{last}' AND a.region_id IN (g.id, g.parent_id)) AS answered_for,"
    " g.id IN (SELECT r.ancestor_id FROM expert_group x JOIN facility f ON f.id = x.facility_id"
    " JOIN region_closure r ON r.descendant_id = f.region_id) AS has_experts"
    " FROM region g WHERE g.level = 'county') u",
    "pregnancies": "fact_pregnancy",
    "exercises": "quality_exercise WHERE ended_at IS NOT NULL",
    "handed_in": "quality_return WHERE state = 'submitted'",
    "bed_counts": "(SELECT DISTINCT ON (facility_id, kind) * FROM resource_report"
    " WHERE total IS NOT NULL AND reported_at < '{end}'"
    " ORDER BY facility_id, kind, reported_at DESC, seq DESC) u",
    "annual_returns": _RETURNS.replace("{table}", "fact_annual_return"),
    "child_returns": _RETURNS.replace("{table}", "fact_child_return"),
    "practice_cards": "fact_practice_card WHERE day <= date '{last}'",
    "house_licences": "fact_house_licence WHERE day <= date '{last}'",
    "severe_outcomes": _SEVERE,
    "outcomes_and_births": "(SELECT treating AS house, demo, 'house' AS covers, true AS overall,"
    " true AS this_year, treating IN (SELECT facility_id FROM fact_annual_return"
    " WHERE day = date '{last}' AND covers = 'house') AS births_given,"
    " (severe_outcome = 'near_miss')::int AS near_misses, (severe_outcome = 'death')::int AS"
    f" deaths, 1 AS severe_outcomes, 0 AS live_births FROM {_SEVERE} UNION ALL SELECT facility_id,"
    " false, covers, residence = 'all' OR wholes = 0, day = last_day, true, 0, 0, 0, live_births"
    f" FROM {_RETURNS.replace('{table}', 'fact_annual_return')}) v",
    "obstetricians_and_beds": "(SELECT facility_id AS house, true AS this_year, facility_id IN"
    " (SELECT facility_id FROM fact_institution_return WHERE day = date '{last}') AS beds_given,"
    " 1 AS obstetricians, 0 AS beds FROM fact_practice_card WHERE active AND profession ="
    " 'obstetrician' AND service = 'midwifery' AND day <= date '{last}' UNION ALL"
    " SELECT facility_id, day = date '{last}', true, 0, obstetric_beds"
    " FROM fact_institution_return) u",
    "death_steps": "(SELECT CASE s.step WHEN 'county_review' THEN r.origin_id"
    " ELSE coalesce(r.receiver_id, r.origin_id) END AS house, r.demo, d.who, s.step,"
    " s.reported_at IS NOT NULL AS done, coalesce(s.reported_at <= s.due_at, false) AS in_time"
    " FROM death_review_step s JOIN death_review d ON d.id = s.review_id JOIN referral r"
    " ON r.id = s.case_id WHERE NOT r.drill AND r.state <> 'voided' AND s.due_at < '{end}') u",
    "reviews": "(SELECT r.*, death_review_id IS NULL OR bool_or(level = 'county') OVER"
    " (PARTITION BY death_review_id) IS NOT TRUE OR level = 'county' AS decisive FROM case_review r"
    " WHERE concluded_at IS NOT NULL) u WHERE concluded_at < '{end}'",
    "review_measures": "(SELECT m.*, r.facility_id, r.demo, r.kind FROM review_measure m"
    " JOIN case_review r ON r.id = m.review_id WHERE m.due_on <= date '{last}') u",
}
_HOUSES: Final = """
SELECT f.id AS house,
       max(r.ancestor_id::text) FILTER (WHERE g.level = 'province') AS province,
       max(r.ancestor_id::text) FILTER (WHERE g.level = 'city') AS city,
       max(r.ancestor_id::text) FILTER (WHERE g.level = 'county') AS county
  FROM facility f JOIN region_closure r ON r.descendant_id = f.region_id
  JOIN region g ON g.id = r.ancestor_id GROUP BY f.id
UNION ALL
SELECT r.descendant_id,
       max(r.ancestor_id::text) FILTER (WHERE g.level = 'province'),
       max(r.ancestor_id::text) FILTER (WHERE g.level = 'city'),
       max(r.ancestor_id::text) FILTER (WHERE g.level = 'county')
  FROM region_closure r JOIN region g ON g.id = r.ancestor_id GROUP BY r.descendant_id
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


async def take(url: str, place: Path, scope: Scope) -> duckdb.DuckDBPyConnection:
    """A DuckDB with the facts in tables of its own; not timed.

    `scope` says which day is its last; nothing begins before it.
    """
    tables = place / "facts.duckdb"
    tables.unlink(missing_ok=True)  # of an earlier run over a kept year
    pg, duck = await asyncpg.connect(url), duckdb.connect(str(tables))
    try:
        known = {"{last}": str(scope.last_day), "{end}": scope.end.isoformat()}
        queries = {}
        for of in _FIELDS:
            queries[of] = f"SELECT {_FIELDS[of]} FROM {_FROM[of]}"
            for name, value in known.items():
                queries[of] = queries[of].replace(name, value)
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
        assert not isinstance(measure, ElsewhereMeasure)
        counted = " AND ".join(map(_holds, measure.where)) or "true"
        asked = list(measure.where)
        if isinstance(measure, ShareMeasure):
            met = " AND ".join(map(_holds, measure.met))
            asked += measure.met
        names = [n for c in asked for n in (c.reached, c.after) if n is not None]
        late = _late(names) if measure.of == "cases" else "u.late"
    within = f"{seconds} <= {target.seconds}" if target and target.seconds else "false"
    if isinstance(measure, RateMeasure):
        counted += f" AND u.{measure.top} IS NOT NULL AND u.{measure.bottom} IS NOT NULL"
        yield f"sum(u.{measure.bottom}) FILTER (WHERE {counted})"
        yield f"sum(u.{measure.top}) FILTER (WHERE {counted})"
    else:
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
