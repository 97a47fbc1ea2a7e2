"""Definitions compiled to SQL: every measure becomes one SELECT with the same columns.

One row per member of the population in the scope, counted or not:

    case_id, number, opened_at, place   who it is and to which facility it belongs
    from_at, to_at, seconds             of an interval; for the rest, when it came into the count
    region_ids, facility_ids            the regions around it, the houses that it belongs to
    state                               counted, open, inconsistent, outside, late_left_out
    reason                              of `outside`: the key of the first criterion that fails
    met                                 of a share: whether it stands in the numerator
    part, whole                         what it adds above and below; of a rate: its amounts
    late, demo                          late entry at what was looked at; made up for demonstration

All that a definition brings in is bound as a parameter; the SQL itself is put together from the
constants below and in `quality.sources`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from quality.sources import SOURCES, Source
from quality.vocabulary import (
    AMOUNTS,
    CountMeasure,
    Criterion,
    ElsewhereMeasure,
    IntervalMeasure,
    Measure,
    Place,
    RateMeasure,
    ShareMeasure,
)
from referral.clocks.data import MILESTONES


@dataclass(frozen=True, slots=True)
class Compiled:
    """A SELECT of rows as above, without its scope's parameters."""

    select: str
    values: Mapping[str, object]


@dataclass(slots=True)
class Binder:
    """Hands out parameters, and knows which milestones were looked at."""

    prefix: str
    values: dict[str, object] = field(default_factory=dict)
    milestones: list[str] = field(default_factory=list)

    def bind(self, value: object, cast: str) -> str:
        """A parameter."""
        name = f"{self.prefix}{len(self.values)}"
        self.values[name] = value
        return f"CAST(:{name} AS {cast})"

    def at(self, milestone: str) -> str:
        """When a case reached a milestone; the name is one of the vocabulary's."""
        assert milestone in MILESTONES  # noqa: S101  (it becomes a column's name)
        if milestone not in self.milestones:
            self.milestones.append(milestone)
        return f"u.m_{milestone}"


def late(milestone: str) -> str:
    """Whether a milestone was entered late; what was not reached was not."""
    assert milestone in MILESTONES  # noqa: S101  (it becomes part of the query)
    return f"(u.late IS NOT NULL AND '{milestone}' = ANY(u.late))"


def compiled(measure: Measure, prefix: str = "v", *, keeping: bool = False) -> Compiled | None:
    """The rows of a measure; None for what is computed elsewhere.

    Parameters are named `prefix` and a number, so that several can stand in one query. `keeping`:
    also of members that the viewer may only count, for a period that she closes.
    """
    if isinstance(measure, ElsewhereMeasure):
        return None
    if isinstance(measure, IntervalMeasure):
        return _interval(measure, Binder(prefix))
    return _members(measure, Binder(prefix), keeping=keeping)


def _interval(measure: IntervalMeasure, build: Binder) -> Compiled:
    wanted = measure.interval
    start, end = build.at(wanted.start), build.at(wanted.end)
    return _put_together(
        SOURCES["cases"],
        build,
        measure.place,
        scope=begins(measure, build),
        from_at=start,
        to_at=end,
        state=f"CASE WHEN {end} IS NULL THEN 'open'"
        f" WHEN {end} < {start} THEN 'inconsistent' ELSE 'counted' END",
        late=f"({late(wanted.start)} OR {late(wanted.end)})",
    )


def begins(measure: IntervalMeasure, build: Binder) -> str:
    """Whether an interval begins in a case: its start is there, and says what is asked."""
    wanted = measure.interval
    said = "".join(
        f" AND u.said -> '{wanted.start}' -> {build.bind(name, 'text')} = "
        + build.bind(msgspec.json.encode(value).decode(), "jsonb")
        for name, value in wanted.where.items()
    )
    return f"coalesce({build.at(wanted.start)} IS NOT NULL{said}, false)"


def _members(
    measure: CountMeasure | ShareMeasure | RateMeasure, build: Binder, *, keeping: bool
) -> Compiled:
    source = SOURCES[measure.of]
    where = [(one.key, holds(one, source, build)) for one in measure.where]
    where += [(name, f"({amount(name)} IS NOT NULL)") for name in amounts(measure)]
    met = [holds(one, source, build) for one in getattr(measure, "met", [])]
    outside = "".join(f" WHEN NOT {holds} THEN {build.bind(key, 'text')}" for key, holds in where)
    reason = f"CASE{outside} END" if outside else "CAST(NULL AS text)"
    return _put_together(
        source,
        build,
        measure.place,
        from_at=source.at,
        state=f"CASE WHEN {_all(holds for _, holds in where)} THEN 'counted' ELSE 'outside' END",
        reason=reason,
        met=_all(met) if met else "false",
        amounts=[amount(name) for name in amounts(measure)],
        keeping=keeping,
        late=f"({' OR '.join([source.late, *map(late, build.milestones)])})",
    )


def holds(criterion: Criterion, source: Source, build: Binder) -> str:
    """A condition that is never null: what is not known does not hold."""
    if criterion.field is not None:
        kind = {bool: "boolean", int: "bigint"}.get(type(criterion.one_of[0]), "text")
        said = ", ".join(build.bind(value, kind) for value in criterion.one_of)
        test = f"{source.fields[criterion.field]} IN ({said})"
    else:
        reached = build.at(str(criterion.reached))
        if criterion.after is None or criterion.within_s is None:
            test = f"{reached} IS NOT NULL"
        else:
            after = build.at(criterion.after)
            limit = build.bind(criterion.within_s, "bigint")
            test = f"{reached} >= {after} AND {reached} <= {after} + {limit} * interval '1 second'"
    return f"coalesce({'NOT ' if criterion.negate else ''}({test}), false)"


def amounts(measure: CountMeasure | ShareMeasure | RateMeasure) -> tuple[str, ...]:
    """What is added up, above and below; nothing where members are counted."""
    return (measure.top, measure.bottom) if isinstance(measure, RateMeasure) else ()


def amount(name: str) -> str:
    """An amount's column; the name is one of the vocabulary's."""
    assert any(name in known for known in AMOUNTS.values())  # noqa: S101  (it becomes a column)
    return f"u.{name}"


def place_of(source: Source, place: Place) -> str:
    """To whom a member belongs."""
    if place == "receiver" and source is SOURCES["cases"]:
        return "u.receiver"
    return source.place


def _all(conditions: Iterable[str]) -> str:
    return "(" + (" AND ".join(conditions) or "true") + ")"


def _put_together(
    source: Source,
    build: Binder,
    place: Place,
    *,
    from_at: str,
    state: str,
    late: str,
    scope: str = "true",
    to_at: str = "CAST(NULL AS timestamptz)",
    reason: str = "CAST(NULL AS text)",
    met: str = "false",
    amounts: Sequence[str] = (),
    keeping: bool = False,
) -> Compiled:
    # Whoever only counts them is shown none of them.
    case_id = source.case_id
    if source.confidential and keeping:
        case_id = source.kept_as
    elif source.confidential:
        scope = f"{scope} AND {source.open}"
    part, whole = amounts or (f"CAST({met} AS int)", "1")
    seconds = f"CAST(extract(epoch FROM {to_at} - {from_at}) AS float8)"
    # The names are constants of this package; what a definition says is bound.
    select = f"""
    SELECT {case_id} AS case_id, {source.number} AS number, {source.at} AS opened_at,
           {place_of(source, place)} AS place, {from_at} AS from_at, {to_at} AS to_at,
           {late} AS late, {source.demo} AS demo, {state} AS state, {reason} AS reason,
           {met} AS met, CAST({part} AS bigint) AS part,
           CAST({whole} AS bigint) AS whole, {seconds} AS seconds, {source.regions} AS region_ids,
           {source.houses} AS facility_ids
      FROM {source.relation}
     WHERE {source.scope} AND {scope}"""  # noqa: S608
    return Compiled(select, build.values)
