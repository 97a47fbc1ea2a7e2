"""What the engine does about handovers: opens them before the hour, reminds, alarms, lets lapse."""

from collections.abc import Mapping

from sqlalchemy import TextClause, text

from duty.changes import rulebook
from duty.changes.handover import repository
from duty.changes.handover.notices import announce
from duty.changes.rules import ChangeRule
from kernel.clock import Clock
from kernel.database import Database
from kernel.ids import FacilityId, HandoverId
from kernel.viewer import Viewer

# Somebody else has the place by now: the next handover has come, or the roster was changed.
_LAPSED = text(
    """
    UPDATE duty_handover h SET state = 'lapsed', ended_at = clock_timestamp()
     WHERE h.state = 'open' AND NOT EXISTS (
       SELECT 1 FROM shift s WHERE s.slot_id = h.slot_id AND s.person_id = h.incoming_id
          AND s.status = 'active' AND s.during @> greatest(h.at, clock_timestamp()))
    """
)
_WAITING = text(
    "UPDATE duty_handover SET reminded_at = clock_timestamp() WHERE state = 'open'"
    " AND remind_at <= clock_timestamp() AND reminded_at IS NULL RETURNING id"
)
_LATE = text(
    "UPDATE duty_handover SET alarmed_at = clock_timestamp() WHERE state = 'open'"
    " AND alarm_at <= clock_timestamp() AND alarmed_at IS NULL RETURNING id"
)
_TOLD: Mapping[str, TextClause] = {"waiting": _WAITING, "late": _LATE}


async def run_due(database: Database, clock: Clock) -> bool:
    """Open what is near, remind and alarm what waits. Always False: its period is enough."""
    viewer = Viewer.system("engine")
    async with database.session(viewer) as session:
        await session.execute(_LAPSED)
        rules: dict[FacilityId, ChangeRule] = {}
        now = clock.now()
        for one in await repository.coming(session, now):
            if one.facility_id not in rules:
                rules[one.facility_id] = await rulebook.choose(session, one.facility_id)
            rule = rules[one.facility_id]
            if not rule.handover_needed or one.at - rule.handover_opens > now:
                continue
            opened = await repository.open_one(
                session,
                one,
                rule.id,
                remind_at=one.at + rule.handover_remind,
                alarm_at=one.at + rule.handover_alarm,
                opened_at=now,
            )
            if opened is not None:
                await announce(session, opened, "near")
    for what, statement in _TOLD.items():
        async with database.session(viewer) as session:
            for row in (await session.execute(statement)).all():
                await announce(session, HandoverId(row.id), what)
    return False
