"""The engine's part of `quality.cells`: count what is over, and what changed in it."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.database import Database
from kernel.viewer import Viewer
from quality.cells import KEPT, house_of, kept_by
from quality.handbook import versions
from quality.passes import asked_of, readings
from quality.repository import IN_SCOPE
from quality.sources import NO_HOUSE
from quality.stretches import Stretch, month_of, weeks_of
from quality.sums import COUNT, Sums, split
from quality.tallies import Key, Tally
from quality.vocabulary import Population
from registry.facilities.rules import local_date

ENGINE: Final = Viewer.system("engine")
SETTLED: Final = timedelta(hours=1)
"""After its end a stretch waits so long for transactions that began in it (they last seconds)."""

MOST_MONTHS: Final = 28
"""As long as a period may be that pages ask for (`quality.indicators.LONGEST_DAYS`)."""

# The clock by which changes are noted decides which weeks are over.
_NOW = text("SELECT clock_timestamp()")
_ALONE = text("SELECT pg_try_advisory_xact_lock(7283011)")
_FORGET = text(
    "WITH gone AS (DELETE FROM fact_cell_kept WHERE question <> ALL(CAST(:known AS bytea[]))"
    " RETURNING 1) DELETE FROM fact_cell WHERE question <> ALL(CAST(:known AS bytea[]))"
)
_CHANGED = text("SELECT population, week FROM fact_cell_changed ORDER BY week DESC LIMIT 1")
_TAKE = text(
    "DELETE FROM fact_cell_changed"
    " WHERE population = :of AND week >= :first AND week < :until RETURNING week, house"
)
_KEPT = text("SELECT question, first, until FROM fact_cell_kept")
_DROP = text(
    "DELETE FROM fact_cell WHERE question = :question AND first = :first AND until = :until"
    " AND house = ANY(CAST(:houses AS uuid[]))"
)
_ADD = text(
    "INSERT INTO fact_cell (question, population, first, until, house, place, at_month,"
    " region_ids, counts, durations)"
    " VALUES (:question, :of, :first, :until, :house, :place, :at_month,"
    " :regions, :counts, :durations)"
)
_DONE = text(
    "INSERT INTO fact_cell_kept (question, population, first, until)"
    " VALUES (:question, :of, :first, :until)"
)


@dataclass(frozen=True, slots=True)
class Question:
    """A tally and its keys as cells keep them."""

    id: bytes
    tally: Tally
    by: tuple[Key, ...]


async def questions(session: AsyncSession, day: date) -> list[Question]:
    """What pages ask today of populations that are kept: all measures at once, each by month."""
    counting = await versions.counting(session, day)
    asked = [one for version in counting if (one := asked_of(version.definition)) is not None]
    found: list[tuple[Tally, tuple[Key, ...]]] = [(IN_SCOPE, ())]
    found += [(reading.tally, ("place",)) for reading in readings(asked, without_late=False)]
    for one in asked:
        found += [(r.tally, ("place", "month")) for r in readings([one], without_late=False)]
    kept = [(tally, kept_by(by)) for tally, by in found if tally.of in KEPT]
    return [Question(tally.question(by), tally, by) for tally, by in kept]


async def keep_up(database: Database) -> bool:
    """The engine's duty: what changed in a month, or what is over of one; True if there is more."""
    async with database.session(ENGINE) as session:
        if not (await session.execute(_ALONE)).scalar_one():
            return False
        at = (await session.execute(_NOW)).scalar_one()
        known = {one.id: one for one in await questions(session, local_date(at))}
        kept = {
            (bytes(row.question), Stretch(row.first, row.until))
            for row in await session.execute(_KEPT)
        }
        if any(question not in known for question, _ in kept):
            await session.execute(_FORGET, {"known": list(known)})
        changed = (await session.execute(_CHANGED)).one_or_none()
        if changed is not None:
            some = [one for one in known.values() if one.tally.of == changed.population]
            await _count_changed(session, some, kept, changed.population, month_of(changed.week))
            return True
        for stretches in await _over(session, at):
            missing = {
                one.id: [part for part in stretches if (one.id, part) not in kept]
                for one in known.values()
            }
            for question, parts in missing.items():
                if parts:
                    await _count(session, known[question], parts, None)
                    of = known[question].tally.of
                    done = [{"question": question, "of": of} | _days(part) for part in parts]
                    await session.execute(_DONE, done)
            if any(missing.values()):
                return True
    return False


async def _count_changed(
    session: AsyncSession,
    some: Sequence[Question],
    kept: Container[tuple[bytes, Stretch]],
    of: Population,
    month: Stretch,
) -> None:
    """Count anew what changed in a month: its weeks, and all of it."""
    taken = (await session.execute(_TAKE, {"of": of} | _days(month))).all()
    houses = sorted({row.house for row in taken})
    touched = [
        part
        for part in {month, *weeks_of(month)}
        if any(part.first <= row.week < part.until for row in taken)
    ]
    for one in some:
        parts = [part for part in touched if (one.id, part) in kept]
        if parts:
            await _count(session, one, parts, houses)


async def _over(session: AsyncSession, at: datetime) -> list[list[Stretch]]:
    """What is over of each month that has any fact, the latest month first."""
    begun = [
        (await session.execute(text(f"SELECT min({when}) FROM {table}"))).scalar_one()  # noqa: S608
        for table, when in (
            ("fact_case", "opened_at"),
            ("fact_delivery", "at"),
            ("fact_newborn", "at"),
        )
    ]
    month = month_of(min((local_date(one) for one in begun if one), default=local_date(at)))
    found = []
    while month.start < at:
        some = [month, *(one for one in weeks_of(month) if one != month)]
        found.append([one for one in some if one.end + SETTLED <= at])
        month = month_of(month.until)
    return found[::-1][:MOST_MONTHS]


def _days(stretch: Stretch) -> dict[str, object]:
    return {"first": stretch.first, "until": stretch.until}


async def _count(
    session: AsyncSession, one: Question, parts: Sequence[Stretch], houses: Sequence[UUID] | None
) -> None:
    """Write the cells of a month and of its weeks anew, or those of some houses in them.

    Facts are read once, week by week; a month is what its weeks add up to.
    """
    when = one.tally.source.when
    values: dict[str, Any] = {
        "from": min(part.start for part in parts),
        "to": max(part.end for part in parts),
    }
    values |= {"region": None, "facility": None, **one.tally.values}
    period = f"{when} >= :from AND {when} < :to"
    if houses is not None:
        values["houses"] = houses
        period += f" AND {house_of(one.tally)} = ANY(CAST(:houses AS uuid[]))"
        drop = [{"question": one.id, "houses": houses} | _days(part) for part in parts]
        await session.execute(_DROP, drop)
    by: tuple[Key, ...] = (*one.by, "week")
    found = {part: Sums(one.tally) for part in parts}
    for row in await session.execute(text(one.tally.select(by, period)), values):
        *key, week = row[: len(by)]
        told = split(one.tally, row[len(by) :])
        for part, sums in found.items():
            if part.first <= week < part.until:
                sums.add_cells(tuple(map(_plain, key)), *told)
    rows = [row for part, sums in found.items() for row in _rows(one, part, sums)]
    if rows:
        await session.execute(_ADD, rows)


def _plain(key: Any) -> Any:
    """A key that can be compared: regions come as a list."""
    return tuple(key) if isinstance(key, list) else key


def _rows(one: Question, part: Stretch, sums: Sums) -> Iterator[dict[str, Any]]:
    summed = sums.by_all()
    counts = summed.counts[:, :-1].astype(COUNT)
    for nth, key in enumerate(summed.keys):
        keys = dict(zip(one.by, key, strict=True))
        regions: Any = keys["regions"]
        yield {
            "question": one.id,
            "of": one.tally.of,
            **_days(part),
            "house": keys["house"] or NO_HOUSE,
            "place": keys.get("place"),
            "at_month": keys.get("month"),
            "regions": None if regions is None else list(regions),
            "counts": counts[nth].tobytes(),
            "durations": [durations[nth] for durations in summed.durations],
        }
