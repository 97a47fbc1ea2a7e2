"""The calendar: who fills which place when, what is lacking, who is claimed twice.

It draws the same shifts that `on_call` answers from, by the same rule of what was known when; a
draft is drawn over them as it would be published.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from duty.rosters import groups, holidays, leave, repository
from duty.rosters.calendar import ONE_DAY, dates
from duty.rosters.coverage import Claim, clashes, uncovered
from duty.rosters.plans import repository as store
from duty.rosters.plans.content import Entry, Plan
from duty.rosters.plans.schemas import (
    CalendarClash,
    CalendarDay,
    CalendarGap,
    CalendarLeave,
    CalendarShift,
    RosterCalendar,
    RosterGroup,
    RosterPerson,
    RosterSlot,
)
from duty.rosters.repository import SlotRow, StandingShift
from duty.rosters.rules import Period, remainders
from kernel.errors import NotFound
from kernel.ids import FacilityId, GroupId, PersonId, SlotId
from registry.facilities.rules import local_date
from registry.people import queries as people
from registry.people.schemas import PersonRef

INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to see."""

    facility_id: FacilityId
    window: Period
    group_id: GroupId | None = None
    person_id: PersonId | None = None
    plan_id: UUID | None = None
    as_known_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """A shift or a draft on the calendar."""

    id: UUID
    slot_id: SlotId
    person_id: PersonId
    period: Period
    origin: str
    plan_id: UUID | None
    draft: bool


async def calendar(session: AsyncSession, asked: Asked, now: datetime) -> RosterCalendar:
    """Everything inside the window; gaps and clashes are those of what is drawn.

    Raises:
        NotFound: no such plan, or not for this viewer.
    """
    start, end = asked.window
    plan, entries = await _draft(session, asked)
    rows = await repository.slots_between(session, asked.facility_id, asked.window, asked.group_id)
    standing = await repository.shifts_between(session, rows, asked.window, asked.as_known_at)
    drawn = draw(standing, rows, plan, entries, asked.window)
    drawn_ids = {one.person_id for one in drawn}
    elsewhere = await repository.shifts_of_people(session, drawn_ids, asked.window)
    shown = [one for one in drawn if asked.person_id in (None, one.person_id)]
    known = await people.get_many(session, {one.person_id for one in shown})
    return RosterCalendar(
        facility_id=asked.facility_id,
        from_=start,
        to=end,
        as_known_at=asked.as_known_at,
        server_time=now,
        groups=await _groups(session, asked, rows),
        shifts=[
            CalendarShift(
                id=one.id,
                slot_id=one.slot_id,
                person=_person(known[one.person_id]),
                from_=one.period[0],
                to=one.period[1],
                origin=one.origin,
                plan_id=one.plan_id,
                draft=one.draft,
            )
            for one in shown
            if one.person_id in known
        ],
        gaps=_gaps(rows, drawn, asked.window),
        clashes=_clashes(rows, drawn, elsewhere, asked),
        leave=await _leave(session, asked),
        days=await _days(session, asked.window),
    )


def draw(
    standing: Iterable[StandingShift],
    rows: Sequence[SlotRow],
    plan: Plan | None,
    entries: Iterable[Entry],
    window: Period,
) -> list[Drawn]:
    """Standing shifts with the draft over them; a temporary plan clears its span first."""
    mine = {row.slot.id for row in rows if plan is not None and row.slot.group_id == plan.group_id}
    found = []
    for one in standing:
        whole = (one.shift.start, one.shift.end)
        hidden = plan is not None and plan.kind == "temporary" and one.shift.slot_id in mine
        left = remainders(whole, plan.period) if plan is not None and hidden else [whole]
        found += [
            Drawn(
                one.shift.id,
                one.shift.slot_id,
                one.shift.person_id,
                period,
                one.origin,
                one.plan_id,
                draft=False,
            )
            for period in left
            if _touches(period, window)
        ]
    for entry in entries:
        if _touches(entry.period, window) and plan is not None:
            found.append(
                Drawn(
                    entry.id,
                    entry.slot_id,
                    entry.person_id,
                    entry.period,
                    entry.origin,
                    plan.id,
                    draft=True,
                )
            )
    return sorted(found, key=lambda one: (one.period, str(one.slot_id)))


async def _draft(session: AsyncSession, asked: Asked) -> tuple[Plan | None, list[Entry]]:
    """The plan asked for; one that is published is drawn by its shifts alone."""
    if asked.plan_id is None:
        return None, []
    plan = await store.get(session, asked.plan_id)
    if plan is None or plan.facility_id != asked.facility_id:
        raise NotFound()
    if plan.state in ("published", "discarded"):
        return None, []
    return plan, await store.entries(session, plan.id)


async def _groups(
    session: AsyncSession, asked: Asked, rows: Sequence[SlotRow]
) -> list[RosterGroup]:
    return [
        RosterGroup(id_, code, name, [slot_out(row) for row in rows if row.slot.group_id == id_])
        for id_, code, name in await groups.named(session, asked.facility_id)
        if asked.group_id in (None, id_)
    ]


def slot_out(row: SlotRow) -> RosterSlot:
    """A place as the API says it."""
    return RosterSlot(
        id=row.slot.id,
        specialty=row.slot.specialty,
        tier=str(row.slot.tier),
        min_title=row.min_title,
        required=row.slot.required,
        exclusive=row.exclusive,
        qualification=row.qualification,
    )


def _gaps(rows: Sequence[SlotRow], drawn: Sequence[Drawn], window: Period) -> list[CalendarGap]:
    return [
        CalendarGap(slot_id=row.slot.id, from_=start, to=end, required=row.slot.required)
        for row in rows
        for start, end in uncovered(
            window, [one.period for one in drawn if one.slot_id == row.slot.id]
        )
    ]


def _clashes(
    rows: Sequence[SlotRow],
    drawn: Sequence[Drawn],
    elsewhere: Sequence[StandingShift],
    asked: Asked,
) -> list[CalendarClash]:
    exclusive = {row.slot.id: row.exclusive for row in rows}
    claims = [
        Claim(one.id, one.person_id, one.period, exclusive.get(one.slot_id, False)) for one in drawn
    ]
    claims += [
        Claim(
            one.shift.id,
            one.shift.person_id,
            (one.shift.start, one.shift.end),
            one.exclusive,
        )
        for one in elsewhere
        if one.shift.slot_id not in exclusive and asked.as_known_at is None
    ]
    return [
        CalendarClash(one.person_id, [UUID(str(one.id)), UUID(str(other.id))])
        for one, other in clashes(claims)
    ]


async def _leave(session: AsyncSession, asked: Asked) -> list[CalendarLeave]:
    return [
        CalendarLeave(
            id=one.id,
            person_id=one.person_id,
            from_=one.period[0],
            to=one.period[1],
            kind=one.kind,
            substitute_id=one.substitute_id,
        )
        for one in await leave.between(session, asked.facility_id, asked.window)
        if asked.person_id in (None, one.person_id)
    ]


async def _days(session: AsyncSession, window: Period) -> list[CalendarDay]:
    known = await holidays.calendar(session)
    last = local_date(window[1] - INSTANT) + ONE_DAY
    return [
        CalendarDay(day.date, day.kind, day.name, day.known)
        for day in (known.day(one) for one in dates(local_date(window[0]), last))
    ]


def _person(person: PersonRef) -> RosterPerson:
    return RosterPerson(person.id, person.name, person.title)


def _touches(period: Period, window: Period) -> bool:
    return period[0] < window[1] and window[0] < period[1]
