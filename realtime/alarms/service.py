"""What people do about alarms: take one by name, pause its sound for a bounded time, set limits."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel import outbox
from kernel.clock import Clock
from kernel.errors import BadInput, NotFound
from kernel.ids import FacilityId, PersonId
from kernel.viewer import Viewer
from realtime.alarms import ledger, limitbook
from realtime.alarms.errors import AlarmMoved, LimitsOutOfBounds, SilenceTooLong, WordsNeeded
from realtime.alarms.kinds import SPECS, AlarmKind
from realtime.alarms.limits import BOUNDS, LimitsText, out_of_bounds
from realtime.alarms.rights import must_write
from realtime.alarms.schemas import AcknowledgeAlarm, NewLimits, SilenceAlarm
from realtime.alarms.states import ALARM, AlarmAction, AlarmParty, AlarmState

SETTLED = "ctg.alarm_settled"
"""Outbox topic: somebody took an alarm for which people on call are being rung."""

_LOCK = text("SELECT * FROM ctg_alarm WHERE id = :id FOR UPDATE")
_LOCK_BY_PAGE = text("SELECT * FROM ctg_alarm WHERE page_id = :page_id ORDER BY id FOR UPDATE")
_TAKE = text(
    "UPDATE ctg_alarm SET state = :state, acknowledged_by = :by, acknowledged_at = :at,"
    " silenced_until = NULL, escalate_at = NULL, remind_at = CAST(:remind_at AS timestamptz),"
    " version = version + 1 WHERE id = :id"
)
_SILENCE = text(
    "UPDATE ctg_alarm SET state = :state, silenced_until = CAST(:until AS timestamptz),"
    " version = version + 1 WHERE id = :id"
)
_EVENT = text(
    "INSERT INTO ctg_alarm_event (alarm_id, at, action, state, person_id, reason, note, until)"
    " VALUES (:id, :at, :action, :state, :by, :reason, :note, CAST(:until AS timestamptz))"
)
_NEWEST = text(
    "SELECT id FROM ctg_alarm_limits WHERE facility_id = :facility_id AND unit = :unit"
    " ORDER BY valid_from DESC, id DESC LIMIT 1"
)


async def acknowledge(
    session: AsyncSession, clock: Clock, viewer: Viewer, alarm_id: UUID, order: AcknowledgeAlarm
) -> None:
    """Take the alarm: its sound ends; still there, it is said again after the limits' time.

    Raises:
        NotFound: unknown, or not for this viewer.
        AlarmMoved: it is answered already, or somebody changed it since the viewer looked.
        WordsNeeded: "other" without words.
    """
    row = await _locked(session, alarm_id, order.version, AlarmAction.ACKNOWLEDGE)
    _must_say_why(order)
    await take(session, clock.now(), row, viewer.person_id, order.reason, order.note)


async def take(
    session: AsyncSession,
    at: datetime,
    row: Row[Any],
    by: PersonId,
    reason: str,
    note: str | None = None,
) -> None:
    """Write that `by` has taken the locked alarm."""
    to = ALARM.edge(AlarmState(row.state), AlarmAction.ACKNOWLEDGE).to
    again = None
    if to is AlarmState.ACKNOWLEDGED and SPECS[AlarmKind(row.kind)].lasting:
        limits = await limitbook.load(session, row.limits_id)
        again = at + timedelta(seconds=limits.remind_s)
    values = {"id": row.id, "state": str(to), "at": at, "by": by, "remind_at": again}
    await session.execute(_TAKE, values)
    said = {"id": row.id, "action": "acknowledge", "state": str(to), "at": at, "by": by}
    await session.execute(_EVENT, said | {"reason": reason, "note": note, "until": None})
    if row.page_id is not None:
        await outbox.enqueue(session, SETTLED, {"alarm_id": str(row.id)})
    await ledger.tell(session, [row.id])


async def take_by_page(
    session: AsyncSession, clock: Clock, page_id: UUID, person_id: PersonId
) -> None:
    """Whoever answered the page about alarms has them. Repeats, and other pages, are nothing."""
    for row in (await session.execute(_LOCK_BY_PAGE, {"page_id": page_id})).all():
        if AlarmAction.ACKNOWLEDGE in ALARM.actions(AlarmState(row.state)):
            await take(session, clock.now(), row, person_id, "page_answered")


async def silence(
    session: AsyncSession, clock: Clock, viewer: Viewer, alarm_id: UUID, order: SilenceAlarm
) -> None:
    """Pause the sound; the alarm stays unanswered and climbs as before.

    Raises:
        NotFound: unknown, or not for this viewer.
        AlarmMoved: it does not sound, or somebody changed it since the viewer looked.
        SilenceTooLong: longer than the limits allow.
        WordsNeeded: "other" without words.
    """
    row = await _locked(session, alarm_id, order.version, AlarmAction.SILENCE)
    _must_say_why(order)
    limits = await limitbook.load(session, row.limits_id)
    if order.seconds > limits.silence_max_s:
        raise SilenceTooLong(most=limits.silence_max_s)
    at = clock.now()
    to = str(ALARM.edge(AlarmState(row.state), AlarmAction.SILENCE).to)
    until = at + timedelta(seconds=order.seconds)
    await session.execute(_SILENCE, {"id": row.id, "state": to, "until": until})
    said = {"id": row.id, "action": "silence", "state": to, "at": at, "by": viewer.person_id}
    await session.execute(
        _EVENT, said | {"reason": order.reason, "note": order.note, "until": until}
    )
    await ledger.tell(session, [row.id])


async def set_limits(session: AsyncSession, clock: Clock, viewer: Viewer, order: NewLimits) -> UUID:
    """A new version for the viewer's own facility or one of its units; earlier ones stay.

    Raises:
        NotAllowed: the viewer sets no limits, or not here.
        LimitsOutOfBounds: outside what the platform lets a unit choose.
        BadInput: in force from a moment that has passed.
    """
    facility_id = FacilityId(viewer.facility_id)
    must_write(viewer, facility_id)
    wrong = out_of_bounds(order.limits)
    if wrong:
        least, most = BOUNDS[wrong[0]]
        raise LimitsOutOfBounds(field=wrong[0], least=least, most=most, all=wrong)
    if order.valid_from is not None and order.valid_from < clock.now():
        raise BadInput(field="valid_from", reason="in_the_past")
    owner = {"facility_id": facility_id, "unit": order.unit}
    before = (await session.execute(_NEWEST, owner)).scalar_one_or_none()
    written = await limitbook.install(
        session,
        LimitsText(
            **limitbook.plain(order.limits), source=order.source, confidence=order.confidence
        ),
        facility_id=facility_id,
        unit=order.unit,
        valid_from=order.valid_from,
        supersedes_id=before,
        recorded_by=viewer.person_id,
    )
    assert written is not None  # noqa: S101  (it supersedes the newest: it is new)
    return written


async def _locked(
    session: AsyncSession, alarm_id: UUID, version: int, action: AlarmAction
) -> Row[Any]:
    row = (await session.execute(_LOCK, {"id": alarm_id})).one_or_none()
    if row is None:
        raise NotFound()
    allowed = ALARM.actions(AlarmState(row.state), AlarmParty.STAFF)
    if action not in allowed or row.version != version:
        raise AlarmMoved(state=row.state, action=str(action))
    return row


def _must_say_why(order: AcknowledgeAlarm | SilenceAlarm) -> None:
    if order.reason == "other" and not order.note:
        raise WordsNeeded()
