"""The engine's part of `quality.cells`: count what is over, and what changed in it."""

from collections.abc import Container, Sequence
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
from quality.sums import split
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
            missing = [
                (one, stretch)
                for stretch in stretches
                for one in known.values()
                if (one.id, stretch) not in kept
            ]
            for one, stretch in missing:
                await _count(session, one, stretch, None)
                values = {"question": one.id, "of": one.tally.of}
                await session.execute(_DONE, values | _days(stretch))
            if missing:
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
    for stretch in {month, *weeks_of(month)}:
        houses = {row.house for row in taken if stretch.first <= row.week < stretch.until}
        for one in some:
            if houses and (one.id, stretch) in kept:
                await _count(session, one, stretch, sorted(houses))


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
    session: AsyncSession, one: Question, stretch: Stretch, houses: Sequence[UUID] | None
) -> None:
    """Write the cells of a stretch anew, or those of some houses in it."""
    when = one.tally.source.when
    values: dict[str, Any] = {"from": stretch.start, "to": stretch.end}
    values |= {"region": None, "facility": None, **one.tally.values}
    period = f"{when} >= :from AND {when} < :to"
    if houses is not None:
        values["houses"] = houses
        period += f" AND {house_of(one.tally)} = ANY(CAST(:houses AS uuid[]))"
        drop = {"question": one.id, "houses": houses} | _days(stretch)
        await session.execute(_DROP, drop)
    rows = []
    for row in await session.execute(text(one.tally.select(one.by, period)), values):
        keys = dict(zip(one.by, row, strict=False))
        counts, durations = split(one.tally, row[len(one.by) :])
        rows.append(
            {
                "question": one.id,
                "of": one.tally.of,
                **_days(stretch),
                "house": keys["house"] or NO_HOUSE,
                "place": keys.get("place"),
                "at_month": keys.get("month"),
                "regions": keys["regions"],
                "counts": counts,
                "durations": durations,
            }
        )
    if rows:
        await session.execute(_ADD, rows)
