"""Reminds houses of what is due, before the day and after it. Called by the engine."""

from datetime import date
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from duty.notify import inbox
from kernel.clock import Clock
from kernel.database import Database
from kernel.ids import FacilityId, PersonId
from kernel.viewer import Role, Viewer
from quality.obligations import store
from quality.obligations.calendar import code_of
from quality.obligations.owed import LOOK_BACK, Owed, owed
from quality.rulebook import versions
from registry.facilities.rules import local_date
from registry.people import queries as people

ENGINE: Final = Viewer.system("engine")
ANSWER_FOR_IT: Final = (Role.COORDINATOR, Role.MEDICAL_AFFAIRS, Role.DUTY_DESK)
"""Offices that are told: who coordinates, 医务科, 总值班."""
SPECIAL: Final = "special_population"


async def run_due(database: Database, clock: Clock) -> bool:
    """Send every reminder that is due, each in a transaction of its own; never more at once."""
    today = local_date(clock.now())
    async with database.session(ENGINE) as session:
        waiting = await _waiting(session, today)
    for one, n in waiting:
        async with database.session(ENGINE) as session:
            await _tell(session, clock, one, n)
    return False


async def _waiting(session: AsyncSession, today: date) -> list[tuple[Owed, int]]:
    units = await store.units(session, today, everybody=True)
    work = await store.work(session, today - 2 * LOOK_BACK)
    sent = await store.reminded(session)
    calendars = await versions.calendars(session)
    found = []
    for one in owed(calendars, units, work, today):
        reminders = calendars.at(one.unit.region_id, today).content.reminders
        wanted, last = reminders.wanted(one.due_on, today), max(reminders.late_days, default=0)
        key = (one.unit.id, one.obligation.code, one.period.first)
        # What was long late before anybody could be reminded is for the board to show.
        stale = (today - one.due_on).days > last
        if one.done is None and not stale and wanted > sent.get(key, 0):
            found.append((one, wanted))
    return found


async def _tell(session: AsyncSession, clock: Clock, one: Owed, n: int) -> None:
    now = clock.now()
    key = (one.unit.id, one.obligation.code, one.period.first)
    if not await store.remind(session, key, n, now):
        return
    offices = [*ANSWER_FOR_IT]
    if one.obligation.what == SPECIAL:
        offices = [Role.SPECIAL_POPULATION, Role.COORDINATOR]
    told = await people.holding(session, now, FacilityId(one.unit.id), offices)
    data: dict[str, object] = {
        "code": "obligation.late" if one.standing == "late" else "obligation.due",
        "obligation": one.obligation.code,
        "period": code_of(one.obligation.cadence, one.period),
        "due_on": one.due_on.isoformat(),
        "facility_id": one.unit.id,
    }
    await inbox.post(session, {PersonId(ref.id) for ref in told}, "notice", None, data)
