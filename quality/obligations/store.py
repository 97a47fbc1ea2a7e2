"""Who owes what, what was done, how often people were reminded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from quality.obligations.calendar import By, Obligation, Period
from registry.facilities.rules import local_date

_UNITS = text(
    "SELECT f.id, f.short_name, f.tier, f.region_id, g.name AS region,"
    "       array_agg(r.role ORDER BY r.role) AS roles"
    "  FROM facility f JOIN region g ON g.id = f.region_id"
    "  JOIN facility_role r ON r.facility_id = f.id AND r.during @> CAST(:day AS date)"
    " WHERE f.closed_at IS NULL AND NOT f.outside"
    "   AND (CAST(:everybody AS boolean) OR f.id = ANY(CAST(:houses AS uuid[]))"
    "    OR EXISTS (SELECT 1 FROM region_closure c WHERE c.descendant_id = f.region_id"
    "                AND c.ancestor_id = ANY(CAST(:regions AS uuid[]))))"
    " GROUP BY f.id, g.name, g.code ORDER BY g.code, f.code"
)
_RETURNED = text(
    "SELECT 'return' AS by, r.form AS what, r.facility_id, r.period_first AS first, r.id,"
    "       (SELECT min(i.at) FROM quality_return_issue i WHERE i.return_id = r.id) AS at"
    "  FROM quality_return r WHERE r.state = 'submitted' AND r.period_last >= :since"
    " ORDER BY at"
)
_BEGUN = text(
    "SELECT r.form, r.facility_id, r.period_first, r.id FROM quality_return r"
    " WHERE r.state = 'draft' AND r.period_last >= :since ORDER BY r.opened_at"
)
_EXERCISED = text(
    "SELECT e.kind, e.facility_id, e.ended_at, e.id FROM quality_exercise e"
    " WHERE e.state = 'debriefed' AND e.ended_at >= :since ORDER BY e.ended_at"
)
_REMINDED = text("SELECT facility_id, obligation, period_first, n FROM obligation_reminder")
_REMIND = text(
    "INSERT INTO obligation_reminder (facility_id, obligation, period_first, n, sent_at)"
    " VALUES (:facility_id, :obligation, :first, :n, :at)"
    " ON CONFLICT (facility_id, obligation, period_first)"
    " DO UPDATE SET n = excluded.n, sent_at = excluded.sent_at"
    "  WHERE obligation_reminder.n < excluded.n RETURNING n"
)

Key: TypeAlias = tuple[UUID, str, date]
"""House, obligation, first day of the period."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A house of the network with the roles it holds today."""

    id: UUID
    name: str
    tier: str
    region_id: UUID
    region: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Done:
    """What meets an obligation: which record, on which day."""

    record_id: UUID
    on: date


@dataclass(frozen=True, slots=True)
class Work:
    """Everything that was handed in or drilled, and what is begun."""

    returned: Mapping[tuple[str, UUID, date], Done]
    begun: Mapping[tuple[str, UUID, date], UUID]
    exercised: Mapping[tuple[str, UUID], Sequence[Done]]

    def done(self, obligation: Obligation, unit: UUID, period: Period) -> Done | None:
        """The first thing that met the obligation for the period."""
        if obligation.by == "return":
            return self.returned.get((obligation.what, unit, period.first))
        found = self.exercised.get((obligation.what, unit), ())
        return next((one for one in found if period.first <= one.on <= period.last), None)

    def draft(self, obligation: Obligation, unit: UUID, period: Period) -> UUID | None:
        """A form that is begun and not handed in."""
        by: By = obligation.by
        return self.begun.get((obligation.what, unit, period.first)) if by == "return" else None


async def units(
    session: AsyncSession,
    day: date,
    houses: Sequence[UUID] = (),
    regions: Sequence[UUID] = (),
    *,
    everybody: bool = False,
) -> list[Unit]:
    """Houses that hold roles today: these, those of these regions, or all."""
    values = {
        "day": day,
        "houses": list(houses),
        "regions": list(regions),
        "everybody": everybody,
    }
    rows = await session.execute(_UNITS, values)
    return [
        Unit(row.id, row.short_name, row.tier, row.region_id, row.region, frozenset(row.roles))
        for row in rows
    ]


async def work(session: AsyncSession, since: date) -> Work:
    """What was done since about then, as far as the viewer sees it."""
    returned: dict[tuple[str, UUID, date], Done] = {}
    for row in await session.execute(_RETURNED, {"since": since}):
        key = (row.what, row.facility_id, row.first)
        returned.setdefault(key, Done(row.id, local_date(row.at)))
    begun = {
        (row.form, row.facility_id, row.period_first): row.id
        for row in await session.execute(_BEGUN, {"since": since})
    }
    exercised: dict[tuple[str, UUID], list[Done]] = {}
    for row in await session.execute(_EXERCISED, {"since": since}):
        done = Done(row.id, local_date(row.ended_at))
        exercised.setdefault((row.kind, row.facility_id), []).append(done)
    return Work(returned, begun, exercised)


async def reminded(session: AsyncSession) -> dict[Key, int]:
    """How many reminders were sent of each."""
    rows = await session.execute(_REMINDED)
    return {(row.facility_id, row.obligation, row.period_first): row.n for row in rows}


async def remind(session: AsyncSession, key: Key, n: int, at: datetime) -> bool:
    """Note the n-th reminder; False if another engine was faster."""
    facility_id, obligation, first = key
    values = {
        "facility_id": facility_id,
        "obligation": obligation,
        "first": first,
        "n": n,
        "at": at,
    }
    return (await session.execute(_REMIND, values)).one_or_none() is not None
