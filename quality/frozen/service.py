"""Command: close a period. Its figures stay as they are from then on."""

from datetime import date, datetime, time, timedelta

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.errors import BadInput, NotAllowed
from kernel.ids import new_id
from kernel.viewer import Viewer
from quality.errors import NothingInForce, PeriodFrozen, PeriodNotOver
from quality.facts import current
from quality.frozen import periods, rows
from quality.frozen.schemas import FreezePeriod, PeriodFrozenOut
from quality.handbook import versions
from quality.handbook.versions import Version
from quality.indicators import check_period, kept_totals
from quality.repository import LateEntries, Scope
from registry.facilities.rules import CHINA

LATE: tuple[LateEntries, ...] = ("with", "without")
YEARS = range(1901, 2200)


async def freeze(
    session: AsyncSession, clock: Clock, viewer: Viewer, wanted: FreezePeriod
) -> PeriodFrozenOut:
    """Keep what every indicator in force on the last day comes to, member by member.

    Raises:
        NotAllowed: the viewer does not oversee the region.
        PeriodInvalid, PeriodNotOver: the period is none, or has not ended.
        NothingInForce: no definition counts on its last day.
        PeriodFrozen: it is closed already.
        FactsBehind: not everything is counted yet.
    """
    if wanted.region_id not in {id_ for id_, _ in await periods.overseen(session)}:
        raise NotAllowed(reason="region_overseen")
    scope = Scope(
        _midnight("first_day", wanted.first_day),
        _midnight("last_day", wanted.last_day) + timedelta(days=1),
        wanted.region_id,
    )
    check_period(scope)
    if scope.end > clock.now():
        raise PeriodNotOver()
    kept = await versions.counting(session, scope.last_day)
    if not kept:
        raise NothingInForce()
    id_ = new_id()
    made = await periods.add(
        session,
        id_,
        region_id=wanted.region_id,
        start=scope.start,
        end=scope.end,
        by=viewer.person_id,
        note=wanted.note,
    )
    if not made:
        raise PeriodFrozen()
    await current(session)
    await rows.keep(session, id_, scope, kept)
    whole = Scope(scope.start, scope.end, frozen=id_)
    for version in kept:
        for late in LATE:
            figures = await figures_of(session, whole, version, late)
            if figures is not None:
                await rows.keep_figure(session, id_, version.id, late, figures)
    return PeriodFrozenOut(id_)


async def figures_of(
    session: AsyncSession, frozen: Scope, version: Version, late: LateEntries
) -> bytes | None:
    """What a version comes to in the whole of a frozen period, as bytes that can be compared."""
    found = await kept_totals(session, frozen, late, version)
    if found is None:
        return None
    plain = msgspec.to_builtins(found, str_keys=True, order="deterministic")
    # What is kept is whole, never untold and never closed to anybody: older bytes do not say so
    # either.
    del plain["untold"], plain["more"]
    for group in (plain["all"], *plain["places"], *plain["months"]):
        del group["closed"]
    return msgspec.json.encode(plain, order="deterministic")


def _midnight(field: str, day: date) -> datetime:
    if day.year not in YEARS:
        raise BadInput(field=field, reason="须在 1901–2199 年间 / in 1901–2199")
    return datetime.combine(day, time(), CHINA)
