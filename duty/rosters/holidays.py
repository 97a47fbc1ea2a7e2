"""Public holidays and moved working days, year by year: data that people keep, never a release.

A year is entered whole and appended as a version; the newest version of a year counts.
"""

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.rosters.calendar import Calendar, DayKind, Special
from kernel.clock import Clock
from kernel.errors import BadInput
from kernel.ids import PersonId, new_id
from kernel.viewer import Viewer

SHIPPED = Path(__file__).with_name("holidays.toml")
MOST_DAYS = 120

_NEWEST = text(
    "SELECT DISTINCT ON (year) id, year, source, confidence, days, recorded_by, recorded_at"
    "  FROM calendar_version ORDER BY year, seq DESC"
)
_INSERT = text(
    "INSERT INTO calendar_version (id, year, source, confidence, days, recorded_by, recorded_at)"
    " VALUES (:id, :year, :source, :confidence, CAST(:days AS jsonb), :by,"
    "  coalesce(CAST(:at AS timestamptz), clock_timestamp()))"
)


class SpecialDays(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}
):
    """Days that are not what their weekday says; `to` belongs to them."""

    kind: DayKind
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    from_: date
    to: date


class _Year(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    year: int
    source: str
    confidence: str
    days: list[SpecialDays]


@dataclass(frozen=True, slots=True)
class CalendarYear:
    """The version of a year that counts."""

    id: UUID
    year: int
    source: str
    confidence: str
    days: list[SpecialDays]
    recorded_by: PersonId | None
    recorded_at: datetime


async def years(session: AsyncSession) -> list[CalendarYear]:
    """Every year that was entered, in its newest version."""
    return [
        CalendarYear(
            row.id,
            row.year,
            row.source,
            row.confidence,
            msgspec.convert(row.days, list[SpecialDays], strict=False),
            row.recorded_by,
            row.recorded_at,
        )
        for row in await session.execute(_NEWEST)
    ]


async def calendar(session: AsyncSession) -> Calendar:
    """The calendar as it counts now."""
    known = await years(session)
    specials = [
        Special(day.from_, day.to, day.kind, day.name) for year in known for day in year.days
    ]
    return Calendar((year.year for year in known), specials)


async def enter(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    *,
    year: int,
    source: str,
    confidence: str,
    days: Sequence[SpecialDays],
) -> UUID:
    """Append a version of a year.

    Raises:
        BadInput: days outside the year, twice, backwards, or of a kind that a weekday tells.
    """
    _must_make_sense(year, days)
    return await _insert(session, year, source, confidence, days, _author(viewer), clock.now())


async def install_shipped(session: AsyncSession) -> int:
    """Years of a newer release that nobody entered yet; how many were added."""
    have = {one.year for one in await years(session)}
    added = 0
    for shipped in msgspec.convert(tomllib.loads(SHIPPED.read_text("utf-8"))["years"], list[_Year]):
        if shipped.year not in have:
            await _insert(
                session, shipped.year, shipped.source, shipped.confidence, shipped.days, None, None
            )
            added += 1
    return added


async def _insert(
    session: AsyncSession,
    year: int,
    source: str,
    confidence: str,
    days: Sequence[SpecialDays],
    by: PersonId | None,
    at: datetime | None,
) -> UUID:
    id_ = new_id()
    await session.execute(
        _INSERT,
        {
            "id": id_,
            "year": year,
            "source": source,
            "confidence": confidence,
            "days": json.dumps(msgspec.to_builtins(list(days)), ensure_ascii=False),
            "by": by,
            "at": at,
        },
    )
    return id_


def _must_make_sense(year: int, days: Sequence[SpecialDays]) -> None:
    seen: set[date] = set()
    for one in days:
        if one.kind not in (DayKind.HOLIDAY, DayKind.ADJUSTED_WORKDAY):
            raise BadInput(field="days", reason="kind")
        if one.from_ > one.to or one.from_.year != year or one.to.year != year:
            raise BadInput(field="days", reason="outside_year")
        mine = {date.fromordinal(n) for n in range(one.from_.toordinal(), one.to.toordinal() + 1)}
        if seen & mine:
            raise BadInput(field="days", reason="day_twice")
        seen |= mine
    if len(seen) > MOST_DAYS:
        raise BadInput(field="days", reason="too_many")


def _author(viewer: Viewer) -> PersonId | None:
    return None if viewer.is_process else viewer.person_id
