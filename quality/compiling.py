"""Definitions compiled to SQL: every measure becomes one SELECT with the same columns.

One row per member of the population in the scope, counted or not:

    case_id, number, opened_at, place   who it is and to which facility it belongs
    from_at, to_at, seconds             of an interval; for the rest, when it came into the count
    region_ids, facility_ids            the regions around it, the houses that it belongs to
    state                               counted, open, inconsistent, outside, late_left_out
    reason                              of `outside`: the key of the first criterion that fails
    met                                 of a share: whether it stands in the numerator
    late, demo                          late entry at what was looked at; made up for demonstration

All that a definition brings in is bound as a parameter; the SQL itself is put together from the
constants below. Drills, voided cases and back-referrals are in no row.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import msgspec

from quality.vocabulary import (
    FIELDS,
    CountMeasure,
    Criterion,
    ElsewhereMeasure,
    IntervalMeasure,
    Measure,
    Place,
    Population,
    ShareMeasure,
)


@dataclass(frozen=True, slots=True)
class Source:
    """Where the members of a population stand, and the names of their columns there.

    `fields` gives the column of each field of `quality.vocabulary.FIELDS`; `scope` says who is in
    the period, region and facility asked for. `home` is the region that a member lies in, `houses`
    the facilities that it belongs to: a frozen period keeps both.
    """

    relation: str
    case_id: str
    number: str
    at: str
    place: str
    late: str
    demo: str
    scope: str
    home: str
    houses: str
    fields: Mapping[str, str]


# A facility's cases are those that it sent or accepted; a region's, those that began in it.
CASES_IN_SCOPE: Final = """
    u.opened_at >= :start AND u.opened_at < :end
    AND (CAST(:facility AS uuid) IS NULL OR u.origin = :facility OR EXISTS (
          SELECT 1 FROM quality_event a
           WHERE a.case_id = u.case_id AND a.kind = 'offer.accepted'
             AND a.payload ->> 'facility_id' = CAST(:facility AS text)))
    AND (CAST(:region AS uuid) IS NULL OR EXISTS (
          SELECT 1 FROM facility f JOIN region_closure r ON r.descendant_id = f.region_id
           WHERE f.id = u.origin AND r.ancestor_id = :region))
"""
HOUSES_OF_CASE: Final = """ARRAY(
          SELECT f.id FROM facility f
           WHERE f.id = u.origin OR EXISTS (
             SELECT 1 FROM quality_event a
              WHERE a.case_id = u.case_id AND a.kind = 'offer.accepted'
                AND a.payload ->> 'facility_id' = CAST(f.id AS text)))"""


def regions_around(home: str) -> str:
    """The region `home` and all that it lies in."""
    around = "SELECT r.ancestor_id FROM region_closure r WHERE r.descendant_id"
    return f"ARRAY({around} = {home} ORDER BY r.depth)"


def _at_facility(at: str, *houses: str) -> str:
    """In the period, at one of the `houses`, the first of which says where."""
    return f"""
    {at} >= :start AND {at} < :end
    AND (CAST(:facility AS uuid) IS NULL OR :facility IN ({", ".join(houses)}))
    AND (CAST(:region AS uuid) IS NULL OR EXISTS (
          SELECT 1 FROM facility f JOIN region_closure r ON r.descendant_id = f.region_id
           WHERE f.id = {houses[0]} AND r.ancestor_id = :region))
"""  # noqa: S608


def _region_of(house: str) -> str:
    return f"(SELECT f.region_id FROM facility f WHERE f.id = {house})"  # noqa: S608


def _imported(of: Literal["deliveries", "newborns"], relation: str) -> Source:
    """Rows of files: each belongs to the house that brought it."""
    return Source(
        relation=f"{relation} u",
        case_id="CAST(NULL AS uuid)",
        number="u.number",
        at="u.at",
        place="u.facility_id",
        late="false",
        demo="false",
        scope=_at_facility("u.at", "u.facility_id"),
        home=_region_of("u.facility_id"),
        houses="ARRAY[u.facility_id]",
        fields={name: f"u.{name}" for name in FIELDS[of]},
    )


SOURCES: Final[Mapping[Population, Source]] = {
    "deliveries": _imported("deliveries", "quality_delivery"),
    "newborns": _imported("newborns", "quality_newborn"),
    "cases": Source(
        relation="quality_case u",
        case_id="u.case_id",
        number="u.number",
        at="u.opened_at",
        place="u.origin",
        late="false",
        demo="u.demo",
        scope=f"NOT (u.drill OR u.voided OR u.back) AND {CASES_IN_SCOPE}",
        home=_region_of("u.origin"),
        houses=HOUSES_OF_CASE,
        fields={
            "acuity": "u.acuity",
            "colour": "u.colour",
            "condition": "u.condition",
            "self_arrived": "u.self_arrived",
        },
    ),
    "guidance": Source(
        relation="quality_guidance u",
        case_id="u.case_id",
        number="CAST(NULL AS text)",
        at="u.at",
        place="u.centre",
        late="u.late",
        demo="u.demo",
        scope="NOT (u.drill OR u.voided) AND " + _at_facility("u.at", "u.centre", "u.institution"),
        home=_region_of("u.centre"),
        houses="ARRAY[u.centre, u.institution]",
        fields={"upper_tier": "coalesce(u.upper_tier, false)", "in_area": "u.in_area"},
    ),
    "case_files": Source(
        relation="quality_case_file u",
        case_id="u.case_id",
        number="u.number",
        at="u.opened_at",
        place="u.facility_id",
        late="false",
        demo="u.demo",
        scope="NOT u.voided AND " + _at_facility("u.opened_at", "u.facility_id"),
        home=_region_of("u.facility_id"),
        houses="ARRAY[u.facility_id]",
        fields={
            "colour": "u.colour",
            "purple": "u.purple",
            "agreed": "u.agreed",
            "report_due": "u.report_due",
            "reported_in_time": "u.reported_in_time",
        },
    ),
    "consults": Source(
        relation="quality_consult u",
        case_id="u.case_id",
        number="CAST(NULL AS text)",
        at="u.asked_at",
        place="u.facility_id",
        late="false",
        demo="u.demo",
        scope="NOT u.drill AND " + _at_facility("u.asked_at", "u.facility_id"),
        home=_region_of("u.facility_id"),
        houses="ARRAY[u.facility_id]",
        fields={"urgency": "u.urgency", "held": "u.held"},
    ),
    "districts": Source(
        relation="region u",
        case_id="CAST(NULL AS uuid)",
        number="u.name",
        at="CAST(:end AS timestamptz)",
        place="CAST(NULL AS uuid)",
        late="false",
        demo="false",
        scope="""
    u.level = 'county'
    AND (CAST(:region AS uuid) IS NULL OR EXISTS (
          SELECT 1 FROM region_closure r
           WHERE r.descendant_id = u.id AND r.ancestor_id = :region))
    AND (CAST(:facility AS uuid) IS NULL OR EXISTS (
          SELECT 1 FROM facility f JOIN region_closure r ON r.descendant_id = f.region_id
           WHERE f.id = :facility AND r.ancestor_id = u.id))
""",
        home="u.id",
        houses="""ARRAY(
          SELECT f.id FROM facility f JOIN region_closure r ON r.descendant_id = f.region_id
           WHERE r.ancestor_id = u.id)""",
        fields={
            "has_maternal_centre": """EXISTS (
          SELECT 1 FROM facility f
            JOIN region_closure r ON r.descendant_id = f.region_id AND r.ancestor_id = u.id
            JOIN facility_role o ON o.facility_id = f.id AND o.role = 'maternal_centre'
             AND o.during @> CAST(:last_day AS date))"""
        },
    ),
}


@dataclass(frozen=True, slots=True)
class Compiled:
    """A SELECT of rows as above, without its scope's parameters; `with_` goes before it."""

    with_: str
    select: str
    values: Mapping[str, object]


@dataclass(slots=True)
class _Builder:
    """Hands out names of parameters and of joined milestones."""

    prefix: str
    values: dict[str, object] = field(default_factory=dict)
    milestones: dict[str, str] = field(default_factory=dict)

    def bind(self, value: object, cast: str) -> str:
        name = f"{self.prefix}{len(self.values)}"
        self.values[name] = value
        return f"CAST(:{name} AS {cast})"

    def milestone(self, name: str) -> str:
        """The alias of a milestone, joined once."""
        return self.milestones.setdefault(name, f"m{len(self.milestones)}")

    def aliases(self) -> list[str]:
        """Of all milestones so far."""
        return list(self.milestones.values())

    def joins(self) -> str:
        return "".join(
            f" LEFT JOIN m {alias} ON {alias}.case_id = u.case_id"
            f" AND {alias}.milestone = {self.bind(name, 'text')}"
            for name, alias in self.milestones.items()
        )


def compiled(measure: Measure, prefix: str = "v") -> Compiled | None:
    """The rows of a measure; None for what is computed elsewhere.

    Parameters are named `prefix` and a number, so that several can stand in one query.
    """
    if isinstance(measure, ElsewhereMeasure):
        return None
    if isinstance(measure, IntervalMeasure):
        return _interval(measure, _Builder(prefix))
    return _members(measure, _Builder(prefix))


def _interval(measure: IntervalMeasure, build: _Builder) -> Compiled:
    wanted = measure.interval
    start, end = build.milestone(wanted.start), build.milestone(wanted.end)
    attributes = "".join(
        f" AND {start}.payload -> {build.bind(name, 'text')} = "
        + build.bind(msgspec.json.encode(value).decode(), "jsonb")
        for name, value in wanted.where.items()
    )
    late = f"({start}.late OR coalesce({end}.late, false))"
    return _put_together(
        SOURCES["cases"],
        build,
        measure.place,
        scope=f"{start}.at IS NOT NULL{attributes}",
        from_at=f"{start}.at",
        to_at=f"{end}.at",
        state=f"CASE WHEN {end}.at IS NULL THEN 'open'"
        f" WHEN {end}.at < {start}.at THEN 'inconsistent' ELSE 'counted' END",
        late=late,
    )


def _members(measure: CountMeasure | ShareMeasure, build: _Builder) -> Compiled:
    source = SOURCES[measure.of]
    where = [(one.key, _holds(one, source, build)) for one in measure.where]
    met = [_holds(one, source, build) for one in getattr(measure, "met", [])]
    outside = "".join(f" WHEN NOT {holds} THEN {build.bind(key, 'text')}" for key, holds in where)
    reason = f"CASE{outside} END" if outside else "CAST(NULL AS text)"
    late = " OR ".join([source.late, *(f"coalesce({one}.late, false)" for one in build.aliases())])
    return _put_together(
        source,
        build,
        measure.place,
        from_at=source.at,
        state=f"CASE WHEN {_all(holds for _, holds in where)} THEN 'counted' ELSE 'outside' END",
        reason=reason,
        met=_all(met) if met else "false",
        late=f"({late})",
    )


def _holds(criterion: Criterion, source: Source, build: _Builder) -> str:
    """A condition that is never null: what is not known does not hold."""
    if criterion.field is not None:
        kind = {bool: "boolean", int: "bigint"}.get(type(criterion.one_of[0]), "text")
        said = ", ".join(build.bind(value, kind) for value in criterion.one_of)
        test = f"{source.fields[criterion.field]} IN ({said})"
    else:
        reached = build.milestone(str(criterion.reached))
        if criterion.after is None or criterion.within_s is None:
            test = f"{reached}.at IS NOT NULL"
        else:
            after = build.milestone(criterion.after)
            limit = build.bind(criterion.within_s, "bigint")
            test = (
                f"{reached}.at >= {after}.at"
                f" AND {reached}.at <= {after}.at + {limit} * interval '1 second'"
            )
    return f"coalesce({'NOT ' if criterion.negate else ''}({test}), false)"


def _all(conditions: Iterable[str]) -> str:
    return "(" + (" AND ".join(conditions) or "true") + ")"


def _put_together(
    source: Source,
    build: _Builder,
    place: Place,
    *,
    from_at: str,
    state: str,
    late: str,
    scope: str = "true",
    to_at: str = "CAST(NULL AS timestamptz)",
    reason: str = "CAST(NULL AS text)",
    met: str = "false",
) -> Compiled:
    where_to, house = source.place, ""
    if place == "receiver" and source is SOURCES["cases"]:
        accepted = build.milestone("accepted")
        house = (
            f" LEFT JOIN facility p ON CAST(p.id AS text) = {accepted}.payload ->> 'facility_id'"
        )
        where_to = "p.id"
    joins = build.joins() + house
    seconds = f"CAST(extract(epoch FROM {to_at} - {from_at}) AS float8)"
    # The names are constants of this module; what a definition says is bound.
    select = f"""
    SELECT {source.case_id} AS case_id, {source.number} AS number, {source.at} AS opened_at,
           {where_to} AS place, {from_at} AS from_at, {to_at} AS to_at, {late} AS late,
           {source.demo} AS demo, {state} AS state, {reason} AS reason, {met} AS met,
           {seconds} AS seconds, {regions_around(source.home)} AS region_ids,
           {source.houses} AS facility_ids
      FROM {source.relation}{joins}
     WHERE {source.scope} AND {scope}"""  # noqa: S608
    with_ = ""
    if build.milestones:
        names = build.bind(list(build.milestones), "text[]")
        with_ = f"""m AS MATERIALIZED (
    SELECT case_id, milestone, at, late, payload FROM quality_milestone
     WHERE milestone = ANY({names})),"""  # noqa: S608
    return Compiled(with_, select, build.values)
