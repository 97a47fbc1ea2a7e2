"""The engine's part of `quality.cells`: count months that are over, and what changed in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.database import Database
from kernel.viewer import Viewer
from quality.cells import KEPT, after, begin_of, house_of, kept_by, split
from quality.handbook import versions
from quality.passes import asked_of, readings
from quality.repository import IN_SCOPE
from quality.sources import NO_HOUSE
from quality.tallies import Key, Tally
from registry.facilities.rules import local_date

ENGINE: Final = Viewer.system("engine")
SETTLED: Final = timedelta(hours=1)
"""After its end a month waits so long for transactions that began in it (they last seconds)."""

MOST_MONTHS: Final = 28
"""As long as a period may be that pages ask for (`quality.indicators.LONGEST_DAYS`)."""

# The clock by which changes are noted decides which months are over.
_NOW = text("SELECT clock_timestamp()")
_ALONE = text("SELECT pg_try_advisory_xact_lock(7283011)")
_FORGET = text(
    "WITH gone AS (DELETE FROM fact_cell_month WHERE question <> ALL(CAST(:known AS bytea[]))"
    " RETURNING 1) DELETE FROM fact_cell WHERE question <> ALL(CAST(:known AS bytea[]))"
)
_CHANGED = text("SELECT population, month FROM fact_cell_changed ORDER BY month DESC LIMIT 1")
_TAKE = text(
    "DELETE FROM fact_cell_changed WHERE population = :of AND month = :month RETURNING house"
)
_READY = text("SELECT question, month FROM fact_cell_month")
_DROP = text(
    "DELETE FROM fact_cell WHERE question = :question AND month = :month"
    " AND house = ANY(CAST(:houses AS uuid[]))"
)
_ADD = text(
    "INSERT INTO fact_cell"
    " (question, population, month, house, place, at_month, region_ids, counts, durations)"
    " VALUES (:question, :of, :month, :house, :place, :at_month, :regions, :counts, :durations)"
)
_DONE = text(
    "INSERT INTO fact_cell_month (question, population, month) VALUES (:question, :of, :month)"
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
    """The engine's duty: what changed in a month, or a whole month; True if there is more."""
    async with database.session(ENGINE) as session:
        if not (await session.execute(_ALONE)).scalar_one():
            return False
        at = (await session.execute(_NOW)).scalar_one()
        known = {one.id: one for one in await questions(session, local_date(at))}
        ready = {(bytes(row.question), row.month) for row in await session.execute(_READY)}
        if any(question not in known for question, _ in ready):
            await session.execute(_FORGET, {"known": list(known)})
        changed = (await session.execute(_CHANGED)).one_or_none()
        if changed is not None:
            told = {"of": changed.population, "month": changed.month}
            houses = list((await session.execute(_TAKE, told)).scalars())
            for one in known.values():
                if (one.id, changed.month) in ready and one.tally.of == changed.population:
                    await _count(session, one, changed.month, houses)
            return True
        for month in reversed(await _months(session, at)):
            missing = [one for one in known.values() if (one.id, month) not in ready]
            for one in missing:
                await _count(session, one, month, None)
                values = {"question": one.id, "of": one.tally.of, "month": month}
                await session.execute(_DONE, values)
            if missing:
                return True
    return False


async def _months(session: AsyncSession, at: datetime) -> list[date]:
    """Months that are over, from the first that has any fact."""
    begun = [
        (await session.execute(text(f"SELECT min({when}) FROM {table}"))).scalar_one()  # noqa: S608
        for table, when in (
            ("fact_case", "opened_at"),
            ("fact_delivery", "at"),
            ("fact_newborn", "at"),
        )
    ]
    month = min((local_date(one) for one in begun if one), default=local_date(at)).replace(day=1)
    found = []
    while begin_of(after(month)) + SETTLED <= at:
        found.append(month)
        month = after(month)
    return found[-MOST_MONTHS:]


async def _count(
    session: AsyncSession, one: Question, month: date, houses: Sequence[UUID] | None
) -> None:
    """Write the cells of a month anew, or those of some houses of it."""
    when = one.tally.source.when
    values: dict[str, Any] = {"from": begin_of(month), "until": begin_of(after(month))}
    values |= {"region": None, "facility": None, **one.tally.values}
    period = f"{when} >= :from AND {when} < :until"
    if houses is not None:
        values["houses"] = houses
        period += f" AND {house_of(one.tally)} = ANY(CAST(:houses AS uuid[]))"
        drop = {"question": one.id, "month": month, "houses": houses}
        await session.execute(_DROP, drop)
    rows = []
    for row in await session.execute(text(one.tally.select(one.by, period)), values):
        keys = dict(zip(one.by, row, strict=False))
        counts, durations = split(one.tally, row[len(one.by) :])
        rows.append(
            {
                "question": one.id,
                "of": one.tally.of,
                "month": month,
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
