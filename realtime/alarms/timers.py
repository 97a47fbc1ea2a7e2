"""What must happen to alarms although nobody is asking. Called by the engine.

Lines that went quiet are seen from the database, so a gateway that dies is itself found out;
pauses of the sound end; what is unanswered is said again, and after the limits' time rings people.
"""

from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.database import Database
from kernel.ids import new_id
from kernel.viewer import Viewer
from realtime.alarms import escalating, ledger, limitbook
from realtime.alarms.kinds import AlarmKind
from realtime.alarms.ledger import Finding
from realtime.alarms.states import ALARM, AlarmAction, AlarmState

log = structlog.get_logger()

ENGINE: Final = Viewer.system("engine")
BATCH: Final = 100
FORGOTTEN: Final = timedelta(hours=24)
"""A line that has been quiet for a day is no news."""
COMING_BACK: Final = timedelta(seconds=30)
"""After the platform itself was away, lines that were up before get this long to come back."""
PULSE_S: Final = 10
"""How old a pulse of a living line may be: every recording's is written so often."""

# The same monitor has begun another tracing: this one is over, closed or not.
_FOLLOWED = (
    "EXISTS (SELECT 1 FROM ctg_recording n WHERE n.device_id = r.device_id"
    " AND n.opened_at > r.opened_at)"
)
# A dead gateway cannot say that a line is down: a pulse that is too old says it.
_QUIET = text(
    f"""
    SELECT r.id FROM ctg_recording r
      JOIN ctg_pulse p ON p.recording_id = r.id
      JOIN ctg_device d ON d.id = r.device_id
      JOIN ctg_alarm_limits l ON l.id = ctg_alarm_limits_of(r.facility_id, d.unit)
     WHERE r.closed_at IS NULL
       AND (p.heard_at > :since OR CAST(:at AS timestamptz) > :since + CAST(:back AS interval))
       AND p.heard_at > CAST(:at AS timestamptz) - CAST(:forgotten AS interval)
       AND p.heard_at < CAST(:at AS timestamptz) - make_interval(
             secs => (l.content ->> 'offline_s')::int
                     + CASE WHEN p.connected THEN {PULSE_S} ELSE 0 END)
       AND NOT {_FOLLOWED}
       AND NOT EXISTS (SELECT 1 FROM ctg_alarm a WHERE a.recording_id = r.id
            AND (a.kind = 'offline' AND (a.raised_at > p.heard_at
                                         OR (a.state <> 'closed' AND a.ceased_at IS NULL))
                 OR (a.kind = 'device_silent' AND p.connected
                     AND a.state <> 'closed' AND a.ceased_at IS NULL)))
     LIMIT :batch
    """  # noqa: S608
)
# An outage may be an alarm's second: what was heard before it began does not end it.
_HEARD_AGAIN = text(
    """
    SELECT a.recording_id FROM ctg_alarm a JOIN ctg_pulse p ON p.recording_id = a.recording_id
     WHERE a.kind = 'offline' AND a.state <> 'closed' AND a.ceased_at IS NULL
       AND p.connected AND p.heard_at > (SELECT max(e.at) FROM ctg_alarm_event e
             WHERE e.alarm_id = a.id AND e.action IN ('raise', 'recur'))
     LIMIT :batch
    """
)
_ENDED = text(
    f"""
    SELECT a.recording_id, a.kind, a.channel FROM ctg_alarm a
      JOIN ctg_recording r ON r.id = a.recording_id
     WHERE a.state <> 'closed' AND a.ceased_at IS NULL
       AND (r.closed_at IS NOT NULL OR {_FOLLOWED}) LIMIT :batch
    """  # noqa: S608
)
_DUE = text(
    """
    SELECT a.*, d.serial, r.case_id, f.region_id
      FROM ctg_alarm a JOIN ctg_recording r ON r.id = a.recording_id
      JOIN ctg_device d ON d.id = r.device_id JOIN facility f ON f.id = a.facility_id
     WHERE a.state <> 'closed'
       AND least(a.silenced_until, a.remind_at, a.escalate_at) <= :at
     ORDER BY least(a.silenced_until, a.remind_at, a.escalate_at) LIMIT 1
       FOR UPDATE OF a SKIP LOCKED
    """
)
_UPDATE = text(
    """
    UPDATE ctg_alarm SET state = :state, silenced_until = CAST(:silenced_until AS timestamptz),
           remind_at = CAST(:remind_at AS timestamptz),
           escalate_at = CAST(:escalate_at AS timestamptz),
           escalated_at = CAST(:escalated_at AS timestamptz), page_id = :page_id,
           page_case_id = :page_case_id, acknowledged_by = :acknowledged_by,
           acknowledged_at = CAST(:acknowledged_at AS timestamptz), version = version + 1
     WHERE id = :id
    """
)
_EVENT = text(
    "INSERT INTO ctg_alarm_event (alarm_id, at, action, state) VALUES (:id, :at, :action, :state)"
)


async def run_due(database: Database, clock: Clock, since: datetime) -> bool:
    """Raise, end, remind and ring what is due. True if there may be more.

    Args:
        since: since when somebody has been looking; what went quiet before may yet come back.
    """
    at = clock.now()
    async with database.session(ENGINE) as session:
        found = await _lines(session, at, since)
        await ledger.write(session, found)
    done = 0
    while done < BATCH and await _one(database, clock, at):
        done += 1
    return done == BATCH or len(found) >= BATCH


async def _lines(session: AsyncSession, at: datetime, since: datetime) -> list[Finding]:
    """Lines that went quiet, are heard again, and conditions of recordings that have ended."""
    values = {"at": at, "since": since, "back": COMING_BACK, "forgotten": FORGOTTEN, "batch": BATCH}
    quiet = (await session.execute(_QUIET, values)).scalars().all()
    heard = (await session.execute(_HEARD_AGAIN, {"batch": BATCH})).scalars().all()
    ended = (await session.execute(_ENDED, {"batch": BATCH})).all()
    return [
        *(_finding(at, id_, AlarmKind.OFFLINE, 0, present=True) for id_ in quiet),
        *(_finding(at, id_, AlarmKind.OFFLINE, 0, present=False) for id_ in heard),
        *(
            _finding(at, row.recording_id, AlarmKind(row.kind), row.channel, present=False)
            for row in ended
        ),
    ]


def _finding(
    at: datetime, recording: Any, kind: AlarmKind, channel: int, *, present: bool
) -> Finding:
    return Finding(new_id(), at, recording, kind, channel, present, 0, 0, 0)


async def _one(database: Database, clock: Clock, at: datetime) -> bool:
    """Do the next thing to the alarm that has waited longest; False if none waits."""
    async with database.session(ENGINE) as session:
        row = (await session.execute(_DUE, {"at": at})).one_or_none()
        if row is None:
            return False
        action = _what(row, at)
        values = {name: getattr(row, name) for name in _CARRIED} | {"id": row.id}
        if action in ALARM.actions(AlarmState(row.state)):
            values["state"] = str(ALARM.edge(AlarmState(row.state), action).to)
            said = {"id": row.id, "at": at, "action": str(action), "state": values["state"]}
            await session.execute(_EVENT, said)
            await _act(session, clock, row, action, at, values)
            log.info("ctg.alarm", action=str(action), alarm_id=str(row.id), kind=row.kind)
        else:
            values["remind_at"] = None
        await session.execute(_UPDATE, values)
        await ledger.tell(session, [row.id])
    return True


_CARRIED: Final = (
    "state", "silenced_until", "remind_at", "escalate_at", "escalated_at", "page_id",
    "page_case_id", "acknowledged_by", "acknowledged_at",
)  # fmt: skip


def _what(row: Row[Any], at: datetime) -> AlarmAction:
    """The first of what is due; ringing people comes before anything else."""
    if row.escalate_at is not None and row.escalate_at <= at:
        return AlarmAction.ESCALATE
    if row.silenced_until is not None and row.silenced_until <= at:
        return AlarmAction.SOUND
    return AlarmAction.REMIND


async def _act(
    session: AsyncSession,
    clock: Clock,
    row: Row[Any],
    action: AlarmAction,
    at: datetime,
    values: dict[str, Any],
) -> None:
    """Carry out `action` and write what it changes into `values`."""
    if action is AlarmAction.SOUND:
        values["silenced_until"] = None
        return
    if action is AlarmAction.ESCALATE:
        values["escalate_at"], values["escalated_at"] = None, at
        page_id, case_id = await escalating.ring(session, clock, ENGINE, row)
        values["page_id"], values["page_case_id"] = page_id, case_id
        return
    limits = await limitbook.load(session, row.limits_id)
    values["remind_at"] = at + timedelta(seconds=limits.remind_s)
    if row.state == AlarmState.ACKNOWLEDGED:
        # Nobody has it any more: it climbs anew, and who answered before is in the history.
        values |= {"acknowledged_by": None, "acknowledged_at": None, "page_id": None}
        values |= {"escalated_at": None, "page_case_id": None}
        if escalating.rings(row.kind):
            values["escalate_at"] = at + timedelta(seconds=limits.escalate_s)
