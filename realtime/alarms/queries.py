"""Reads of alarms and limits, as the viewer: row-level security cuts what is not theirs."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import NotFound
from kernel.ids import FacilityId, PersonId
from kernel.viewer import CLINICAL_ROLES, Viewer
from realtime.alarms import limitbook
from realtime.alarms.limits import BOUNDS
from realtime.alarms.rights import may_write
from realtime.alarms.schemas import (
    AlarmDetail,
    AlarmEventOut,
    AlarmOut,
    Bound,
    LimitsBook,
    LimitsOut,
    PersonName,
)
from realtime.alarms.states import ALARM, AlarmParty, AlarmState
from realtime.bindings.rules import fetus_of
from registry.people import queries as people

MOST = 500

_COLUMNS = """
    SELECT a.*, l.content::text AS content, d.serial, d.unit, r.bed, r.channels, r.labels,
           r.pregnancy_id, r.case_id
      FROM ctg_alarm a
      JOIN ctg_alarm_limits l ON l.id = a.limits_id
      JOIN ctg_recording r ON r.id = a.recording_id
      JOIN ctg_device d ON d.id = r.device_id
"""
_ALIVE = text(
    _COLUMNS + " WHERE a.state <> 'closed'"
    " AND (CAST(:facility AS uuid) IS NULL OR a.facility_id = :facility)"
    " ORDER BY a.raised_at, a.id LIMIT :most"
)
_OF_RECORDINGS = text(
    _COLUMNS + " WHERE a.recording_id = ANY(:recordings)"
    " AND (a.state <> 'closed' OR :closed) ORDER BY a.raised_at DESC, a.id DESC"
    " LIMIT CASE WHEN :closed THEN CAST(:most AS int) END"
)
_RECENT = text(
    _COLUMNS + " WHERE a.state = 'closed'"
    " AND (CAST(:facility AS uuid) IS NULL OR a.facility_id = :facility)"
    " ORDER BY a.raised_at DESC, a.id DESC LIMIT :most"
)
_BY_IDS = text(_COLUMNS + " WHERE a.id = ANY(:ids)")
_HISTORY = text("SELECT * FROM ctg_alarm_event WHERE alarm_id = :id ORDER BY id")
_UNITS = text(
    "SELECT DISTINCT unit FROM ctg_device WHERE facility_id = :facility AND unit <> '' ORDER BY 1"
)
_VERSIONS = text(
    """
    SELECT l.*, l.content::text AS written FROM ctg_alarm_limits l
     WHERE l.facility_id IS NULL OR l.facility_id = :facility
     ORDER BY l.facility_id IS NOT NULL DESC, l.unit, l.valid_from DESC, l.id DESC LIMIT :most
    """
)


async def alive(
    session: AsyncSession, viewer: Viewer, facility_id: FacilityId | None = None
) -> list[AlarmOut]:
    """Alarms that are not over and answered, the longest waiting first."""
    values = {"facility": facility_id, "most": MOST}
    return await _alarms(session, viewer, (await session.execute(_ALIVE, values)).all())


async def recent(
    session: AsyncSession, viewer: Viewer, facility_id: FacilityId | None = None
) -> list[AlarmOut]:
    """The newest closed alarms."""
    values = {"facility": facility_id, "most": 100}
    return await _alarms(session, viewer, (await session.execute(_RECENT, values)).all())


async def of_recordings(
    session: AsyncSession, viewer: Viewer, recordings: Collection[UUID], *, closed: bool = False
) -> list[AlarmOut]:
    """Alarms of these recordings, the newest first; with `closed`, also those that are over."""
    values = {"recordings": list(recordings), "closed": closed, "most": MOST}
    return await _alarms(session, viewer, (await session.execute(_OF_RECORDINGS, values)).all())


async def by_ids(session: AsyncSession, viewer: Viewer, ids: Collection[UUID]) -> list[AlarmOut]:
    """These alarms, in no order."""
    rows = (await session.execute(_BY_IDS, {"ids": list(ids)})).all()
    return await _alarms(session, viewer, rows)


async def one(session: AsyncSession, viewer: Viewer, alarm_id: UUID) -> AlarmDetail:
    """One alarm with its history, or `NotFound`."""
    found = await by_ids(session, viewer, [alarm_id])
    if not found:
        raise NotFound()
    events = (await session.execute(_HISTORY, {"id": alarm_id})).all()
    names = await _names(session, (event.person_id for event in events))
    return AlarmDetail(
        found[0],
        [
            AlarmEventOut(
                event.at,
                event.action,
                event.state,
                names.get(event.person_id),
                event.reason,
                event.note,
                event.seq,
                event.until,
            )
            for event in events
        ],
    )


async def book(session: AsyncSession, viewer: Viewer, facility_id: FacilityId) -> LimitsBook:
    """Every version that is or was in force at a facility."""
    units = list((await session.execute(_UNITS, {"facility": facility_id})).scalars())
    wards = {(facility_id, unit) for unit in ("", *units)}
    in_force = {id_ for id_, _ in (await limitbook.of_wards(session, wards)).values()}
    rows = (await session.execute(_VERSIONS, {"facility": facility_id, "most": MOST})).all()
    names = await _names(session, (row.recorded_by for row in rows))
    return LimitsBook(
        facility_id,
        units,
        [Bound(name, least, most) for name, (least, most) in BOUNDS.items()],
        [_limits(row, names, row.id in in_force) for row in rows],
        may_write(viewer, facility_id),
    )


def _limits(row: Row[Any], names: dict[UUID, PersonName], in_force: bool) -> LimitsOut:
    owner = "platform" if row.facility_id is None else "unit" if row.unit else "facility"
    return LimitsOut(
        row.id,
        cast(Any, owner),
        row.unit,
        row.valid_from,
        in_force,
        limitbook.parse(row.written),
        row.source,
        row.confidence,
        names.get(row.recorded_by),
        row.recorded_at,
        row.supersedes_id,
    )


async def _alarms(
    session: AsyncSession, viewer: Viewer, rows: Sequence[Row[Any]]
) -> list[AlarmOut]:
    names = await _names(session, (row.acknowledged_by for row in rows))
    answers = viewer.has(*CLINICAL_ROLES)
    return [_alarm(row, names, answers) for row in rows]


def _alarm(row: Row[Any], names: dict[UUID, PersonName], answers: bool) -> AlarmOut:
    allowed = ALARM.actions(AlarmState(row.state), AlarmParty.STAFF) if answers else []
    return AlarmOut(
        id=row.id,
        recording_id=row.recording_id,
        facility_id=row.facility_id,
        kind=row.kind,
        channel=row.channel,
        fetus=fetus_of(row.channel, row.channels, row.labels),
        priority=row.priority,
        state=row.state,
        present=row.ceased_at is None,
        raised_at=row.raised_at,
        onset_seq=row.onset_seq,
        seq=row.seq,
        value_bpm=row.value / 4 if row.value else None,
        limits=limitbook.parse(row.content),
        ceased_at=row.ceased_at,
        acknowledged_by=names.get(row.acknowledged_by),
        acknowledged_at=row.acknowledged_at,
        silenced_until=row.silenced_until,
        escalate_at=row.escalate_at,
        escalated_at=row.escalated_at,
        version=row.version,
        device=row.serial,
        bed=row.bed,
        unit=row.unit,
        pregnancy_id=row.pregnancy_id,
        case_id=row.case_id,
        allowed=cast(Any, [str(action) for action in allowed]),
    )


async def _names(session: AsyncSession, ids: Iterable[UUID | None]) -> dict[UUID, PersonName]:
    wanted = {PersonId(one) for one in ids if one is not None}
    if not wanted:
        return {}
    found = await people.get_many(session, wanted)
    return {id_: PersonName(id_, ref.name, ref.title) for id_, ref in found.items()}
