"""Rosters as Excel files: a group's published month, or a draft to fill in."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from duty.feeds import words
from duty.feeds.workbook import Held, days_between, sheet
from duty.rosters import groups, setup_queries
from duty.rosters.calendar import DayKind
from duty.rosters.plans import repository as plans
from duty.rosters.plans.schemas import RosterCalendar
from duty.rosters.plans.timetable import Asked, calendar
from duty.rosters.policies import keeps
from duty.rosters.rules import Period
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import GroupId
from kernel.viewer import Viewer
from registry.facilities.rules import CHINA
from registry.people import queries as people

_REST = (DayKind.WEEKEND, DayKind.HOLIDAY)


async def of_group(session: AsyncSession, clock: Clock, group_id: GroupId, window: Period) -> bytes:
    """What stands on a group's roster: the same shifts that the calendar shows.

    Raises:
        NotFound: no such group.
    """
    facility_id = await groups.facility_of(session, group_id)
    asked = Asked(facility_id, window, group_id)
    return _sheet(await calendar(session, asked, clock.now()), window, "值班表", [])


async def of_plan(session: AsyncSession, clock: Clock, viewer: Viewer, plan_id: UUID) -> bytes:
    """A draft as it is now; for who rosters, with the names of those who may be put in.

    Raises:
        NotFound: no such plan, or not for this viewer.
    """
    plan = await plans.get(session, plan_id)
    if plan is None:
        raise NotFound()
    asked = Asked(plan.facility_id, plan.period, plan.group_id, plan_id=plan_id)
    drawn = await calendar(session, asked, clock.now())
    staff = []
    if keeps(viewer, plan.facility_id):
        now = clock.now()
        staff = await people.holding(session, now, plan.facility_id, setup_queries.ROSTERED)
    return _sheet(drawn, plan.period, plan.name, [(one.name, one.title) for one in staff])


def _sheet(drawn: RosterCalendar, window: Period, name: str, staff: list[tuple[str, str]]) -> bytes:
    group = drawn.groups[0] if drawn.groups else None
    places = [] if group is None else group.slots
    first = window[0].astimezone(CHINA)
    title = " ".join(filter(None, (None if group is None else group.name, f"{first:%Y-%m}", name)))
    return sheet(
        title,
        words.headings((one.tier, one.specialty, one.id) for one in places),
        days_between(*window),
        [Held(one.slot_id, one.person.name, one.from_, one.to) for one in drawn.shifts],
        rest=frozenset(day.date for day in drawn.days if day.kind in _REST),
        people=staff,
    )
