"""Reads what a plan is checked against."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from duty.rosters import fitness, repository
from duty.rosters.plans.checks import Surroundings
from duty.rosters.plans.content import Entry, Plan


async def surroundings(
    session: AsyncSession, plan: Plan, entries: Sequence[Entry], now: datetime
) -> Surroundings:
    """The group's places, what stands on them, where the plan's people are besides."""
    people = {one.person_id for one in entries}
    rows = await repository.slots_between(session, plan.facility_id, plan.period, plan.group_id)
    return Surroundings(
        rows=rows,
        standing=await repository.shifts_between(session, rows, plan.period),
        elsewhere=await repository.shifts_of_people(session, people, plan.period),
        staff=await fitness.staff(session, people, plan.period),
        now=now,
    )
