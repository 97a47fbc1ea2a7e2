"""Months and weeks that are over are counted once: what a tally came to in them is kept by house.

A question (a tally with its keys) about a period reads kept cells of the stretches inside it
(`quality.stretches`) and facts of the days around them. Whoever writes a fact of a past week notes
its house and week; that house's facts are read as they are until the engine has counted it anew.
Numbers are the same with and without what is kept, and row-level security of cells is that of the
facts in them.
"""

from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from quality.asking import Question, answers
from quality.narrowing import if_given, narrowed, used
from quality.sources import NO_HOUSE, among_region
from quality.stretches import Span, Stretch, remaining, within
from quality.sums import Sums
from quality.tallies import Key, Tally
from quality.vocabulary import Population

KEPT: Final[frozenset[Population]] = frozenset({"cases", "deliveries", "newborns", "pregnancies"})
"""Populations with many members; of the others nothing is kept."""

# One statement is one snapshot of all questions: which stretches are kept, which houses changed
# since, the cells.
# A case shows to more than those who oversee its region: to its parties, and to its houses' 医务科.
# Who is one reads facts.
_READ = """
WITH asked AS (
  SELECT * FROM unnest(CAST(:questions AS bytea[]), CAST(:populations AS text[])) a (question, of)
   WHERE a.of <> 'cases' OR (cardinality(app_facilities()) = 0
     AND app_affairs_house() IS NULL AND NOT EXISTS (
      SELECT 1 FROM case_party p WHERE p.person_id = app_person()))
), ready AS (
  SELECT k.question, a.of, k.first, k.until FROM fact_cell_kept k JOIN asked a USING (question)
   WHERE (k.first, k.until) IN (
           SELECT * FROM unnest(CAST(:firsts AS date[]), CAST(:untils AS date[])))
), changed AS (
  SELECT DISTINCT r.question, r.first, r.until, n.house FROM ready r
    JOIN fact_cell_changed n ON n.week >= r.first AND n.week < r.until AND n.population = r.of
)
SELECT r.question, r.first, r.until, CAST(NULL AS uuid) AS changed{nothing}
  FROM ready r
UNION ALL
SELECT n.question, n.first, n.until, n.house{nothing}
  FROM changed n
UNION ALL
SELECT c.question, NULL, NULL, NULL, string_agg(c.counts, ''), {durations}{keys}
  FROM fact_cell c JOIN ready r USING (question, first, until)
 WHERE (c.question, c.first, c.house) NOT IN (SELECT n.question, n.first, n.house FROM changed n)
   AND {facility}
   AND {region}
 GROUP BY c.question{keys}
"""

_AT_FACILITY: Final = if_given("facility", "c.house = :facility")
_IN_REGION: Final = among_region("c.house")

_KEYS: Final[Mapping[Key, tuple[str, str]]] = {
    "house": (f"nullif(c.house, CAST('{NO_HOUSE}' AS uuid))", "uuid"),
    "place": ("c.place", "uuid"),
    "month": ("c.at_month", "timestamp"),
}
"""What a cell says of each key, and its type."""

_Kept: TypeAlias = dict[bytes, dict[Stretch, list[UUID]]]
"""By question: the stretches that are kept, with the houses that changed since."""


async def tallied(
    session: AsyncSession, tallies: Sequence[Tally], by: Sequence[Key], values: Mapping[str, Any]
) -> AsyncGenerator[Sums, None]:
    """Tallies over a scope, whose parameters are `values`, from cells and facts.

    They come in their order, each as soon as it is known; `aclosing` ends it.
    """
    found = {tally.question(kept_by(by)): Sums(tally) for tally in tallies}
    kept = await _from_cells(session, found, by, values)

    def facts() -> Iterator[Question]:
        for question, sums in found.items():
            told = kept.get(question)
            spans = None if told is None else remaining(values["start"], values["end"], told)
            query, given = _from_facts(sums.tally, by, spans)
            query = narrowed(query, values)
            yield query, {**sums.tally.values, **given, **used(query, values)}

    async with aclosing(answers(session, facts())) as told:
        for sums in found.values():
            sums.add_facts(await anext(told), len(by))
            yield sums


async def _from_cells(
    session: AsyncSession, found: Mapping[bytes, Sums], by: Sequence[Key], values: Mapping[str, Any]
) -> _Kept:
    """Add what is kept to the sums of each question; say of which stretches that was."""
    wanted = within(values["start"], values["end"])
    # A facility's cases are also those that it accepted, and these lie at other houses.
    elsewhere = set() if values["facility"] is None else {"cases"}
    asked = {id_: sums for id_, sums in found.items() if sums.tally.of in KEPT - elsewhere}
    if not wanted or not asked:
        return {}
    given = {
        "questions": list(asked),
        "populations": [sums.tally.of for sums in asked.values()],
        "firsts": [one.first for one in wanted],
        "untils": [one.until for one in wanted],
    }
    most = max(len(sums.tally.durations) for sums in asked.values())
    kept: _Kept = {}
    query = narrowed(_reading(most, by), values)
    for question, first, until, changed, counts, durations, *key in await session.execute(
        text(query), {**given, **used(query, values)}
    ):
        if first is None:
            sums = asked[question]
            sums.add_cells(tuple(key), counts, durations[: len(sums.tally.durations)])
        else:
            houses = kept.setdefault(question, {}).setdefault(Stretch(first, until), [])
            houses += [] if changed is None else [changed]
    return kept


def _reading(most: int, by: Sequence[Key]) -> str:
    """Cells joined end to end by the keys asked for: a row a group, however long the period.

    Args:
        most: how many durations a tally has, at most.
    """
    nth = range(1, most + 1)
    durations = ", ".join(f"string_agg(c.durations[{n}], '')" for n in nth)
    keys = [_KEYS[key] for key in by]
    kinds = [kind for _, kind in keys]
    return _READ.format(
        durations=f"CAST(ARRAY[{durations}] AS bytea[])",
        keys="".join(f", {sql}" for sql, _ in keys),
        nothing="".join(f", CAST(NULL AS {kind})" for kind in ("bytea", "bytea[]", *kinds)),
        facility=_AT_FACILITY,
        region=_IN_REGION,
    )


def _from_facts(
    tally: Tally, by: Sequence[Key], spans: Iterable[Span] | None
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
