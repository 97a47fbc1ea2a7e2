"""Reminds owners of actions: two days before, the day after, a week after. Called by the engine."""

from datetime import timedelta
from typing import Final

from duty.notify import inbox
from kernel.clock import Clock
from kernel.database import Database
from kernel.ids import PersonId
from kernel.viewer import Viewer
from quality.actions import store
from registry.facilities.rules import local_date

ENGINE: Final = Viewer.system("engine")
DAYS: Final = (-2, 1, 8)
"""From the due day; the platform's own, 待核实."""


async def run_due(database: Database, clock: Clock) -> bool:
    """Send every reminder that is due, each in a transaction of its own; never more at once."""
    today = local_date(clock.now())
    async with database.session(ENGINE) as session:
        rows = await store.waiting(session, today - timedelta(days=DAYS[0]))
    for row in rows:
        wanted = sum(today >= row.due_on + timedelta(days=one) for one in DAYS)
        if wanted <= row.reminders:
            continue
        async with database.session(ENGINE) as session:
            if not await store.reminded(session, row.id, wanted):
                continue
            data: dict[str, object] = {
                "code": "obligation.action_late" if today > row.due_on else "obligation.action_due",
                "record_id": row.record_id,
                "due_on": row.due_on.isoformat(),
                "facility_id": row.facility_id,
            }
            await inbox.post(session, {PersonId(row.owner_id)}, "notice", None, data)
    return False
