"""Reads: the calendar, and how every house of the viewer stands."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.confidence import unverified
from kernel.viewer import CLINICAL_ROLES, Role, Viewer
from quality.obligations import store
from quality.obligations.calendar import Calendar, Obligation, code_of
from quality.obligations.owed import LOOK_AHEAD, LOOK_BACK, Owed, owed
from quality.obligations.schemas import (
    ObligationBoard,
    ObligationCalendar,
    ObligationOut,
    OwedOut,
    UnitOwed,
)
from quality.obligations.store import Unit
from quality.rulebook import versions
from quality.rulebook.versions import Rulebook
from registry.facilities.rules import local_date


def calendar_out(calendar: Calendar) -> ObligationCalendar:
    """A calendar with its sources."""
    reminders = calendar.reminders
    return ObligationCalendar(
        version=calendar.version,
        valid_from=calendar.valid_from,
        before_days=reminders.before_days,
        late_days=reminders.late_days,
        reminders_to_be_verified=unverified(reminders.confidence),
        obligations=[_obligation(one) for one in calendar.obligations],
    )


def _obligation(one: Obligation) -> ObligationOut:
    return ObligationOut(
        code=one.code,
        zh=one.zh,
        en=one.en,
        by=one.by,
        what=one.what,
        cadence=one.cadence.value,
        due_month=one.due_month,
        due_day=one.due_day,
        tiers=sorted(one.tiers),
        roles=sorted(one.roles),
        source=one.source,
        confidence=one.confidence,
        to_be_verified=one.to_be_verified,
        due_confidence=one.due_confidence,
        due_to_be_verified=one.due_to_be_verified,
    )


async def board(session: AsyncSession, clock: Clock, viewer: Viewer) -> ObligationBoard:
    """What the viewer's houses, and those of their regions, owe around today."""
    today = local_date(clock.now())
    houses, regions = set(viewer.facility_ids), sorted(viewer.region_ids)
    if viewer.has(Role.MEDICAL_AFFAIRS):
        houses.add(viewer.facility_id)
    units = await store.units(session, today, sorted(houses), regions)
    # A quarter that ended 120 days ago may be due since yesterday.
    work = await store.work(session, today - 2 * LOOK_BACK)
    found: dict[Unit, list[Owed]] = {one: [] for one in units}
    calendars = await versions.calendars(session)
    for one in owed(calendars, units, work, today):
        found[one.unit].append(one)
    said = _calendars(calendars, units, today)
    shown = [_unit(viewer, unit, rows) for unit, rows in found.items() if rows]
    standings = [one.standing for unit in shown for one in unit.owed]
    return ObligationBoard(
        today=today,
        late=standings.count("late"),
        due=standings.count("due"),
        done=len(standings) - standings.count("late") - standings.count("due"),
        units=sorted(shown, key=lambda one: (not one.mine, -one.late)),
        calendars=[calendar_out(one) for one in said],
    )


def _calendars(calendars: Rulebook[Calendar], units: Sequence[Unit], today: date) -> list[Calendar]:
    """Each calendar that anything on the board is judged by; without houses, the release's."""
    found = {
        span.label: span.content
        for unit in units
        for span in calendars.spans(unit.region_id, today - LOOK_BACK, today + LOOK_AHEAD)
    }
    return list(found.values()) or [calendars.shipped]


def _unit(viewer: Viewer, unit: Unit, rows: list[Owed]) -> UnitOwed:
    inorder = sorted(rows, key=lambda one: (one.due_on, one.obligation.code))
    return UnitOwed(
        facility_id=unit.id,
        facility=unit.name,
        region=unit.region,
        tier=unit.tier,
        mine=unit.id in viewer.facility_ids and viewer.has(*CLINICAL_ROLES),
        late=sum(one.standing == "late" for one in rows),
        owed=[_owed(viewer, one) for one in inorder],
    )


def _owed(viewer: Viewer, one: Owed) -> OwedOut:
    # Drills are opened by those who may open the case that they ran on.
    opens = one.obligation.by == "return" or viewer.has(*CLINICAL_ROLES, Role.COMMISSION)
    record = one.draft if one.done is None else one.done.record_id
    return OwedOut(
        obligation=one.obligation.code,
        calendar=one.calendar,
        period=code_of(one.obligation.cadence, one.period),
        due_on=one.due_on,
        standing=one.standing,
        done_on=None if one.done is None else one.done.on,
        record_id=record if opens else None,
    )
