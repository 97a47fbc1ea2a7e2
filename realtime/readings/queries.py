"""Reads of readings, as the viewer: row-level security cuts what is not theirs."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import CaseId, PersonId
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from realtime.alarms.schemas import PersonName
from realtime.readings.limits.rules import ReadingLimits
from realtime.readings.rights import allowed
from realtime.readings.schemas import (
    LimitsUsed,
    ReadingAddendum,
    ReadingDetail,
    ReadingEventOut,
    ReadingOut,
    ReadingReport,
    SignedOut,
    ViewOut,
)
from realtime.schemas import fetuses_out
from registry.people import queries as people
from registry.pregnancies import queries as pregnancies

Which = Literal["open", "to_read", "asked", "done"]
MOST = 200

_PEOPLE = ("asked_by", "claimed_by", "received_by", "followed_by")

_COLUMNS = """
    SELECT g.*, f.short_name AS facility, c.short_name AS reader_facility, r.bed, r.channels,
           r.labels, r.started_at, d.serial, l.urgent_sign_min, l.urgent_receive_min,
           l.routine_sign_min, l.routine_receive_min, l.source, l.confidence
      FROM ctg_reading g
      JOIN facility f ON f.id = g.facility_id
      JOIN facility c ON c.id = g.reader_facility_id
      JOIN ctg_recording r ON r.id = g.recording_id
      JOIN ctg_device d ON d.id = r.device_id
      JOIN ctg_reading_limits l ON l.id = g.limits_id
"""
_OPEN = "g.state NOT IN ('received', 'withdrawn')"
_WATCHED = (
    f"({_OPEN} OR (g.state = 'received' AND g.follow_up_at IS NOT NULL AND g.followed_at IS NULL))"
)
"""At the bedside a reading is over once she was looked at again, where that was recommended."""
_WHERE = {
    "open": _WATCHED,
    "to_read": _OPEN + " AND g.reader_facility_id = ANY(:houses)",
    "asked": _WATCHED + " AND g.facility_id = ANY(:houses)",
    "done": f"NOT ({_OPEN})",
}
_LISTS = {
    which: text(
        f"{_COLUMNS} WHERE {where}"
        " AND (CAST(:recording AS uuid) IS NULL OR g.recording_id = :recording)"
        + (" ORDER BY g.asked_at DESC" if which == "done" else " ORDER BY g.due_at")
        + " LIMIT :most"
    )
    for which, where in _WHERE.items()
}
_ONE = text(_COLUMNS + " WHERE g.id = :id")
_REPORTS = text("SELECT * FROM ctg_reading_report WHERE reading_id = :id ORDER BY n")
_VIEWS = text("SELECT * FROM ctg_reading_view WHERE reading_id = :id ORDER BY at")
_EVENTS = text("SELECT * FROM ctg_reading_event WHERE reading_id = :id ORDER BY id")


async def readings(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    which: Which,
    recording_id: UUID | None = None,
) -> list[ReadingOut]:
    """Open ones by the moment they are due, done ones the newest first."""
    values: dict[str, Any] = {"recording": recording_id, "most": MOST}
    if which in ("to_read", "asked"):
        values["houses"] = list(viewer.facility_ids)
    rows = (await session.execute(_LISTS[which], values)).all()
    return await _out(session, clock, viewer, sealer, rows)


async def row_of(session: AsyncSession, reading_id: UUID) -> Row[Any]:
    """The reading's row, or `NotFound`."""
    row = (await session.execute(_ONE, {"id": reading_id})).one_or_none()
    if row is None:
        raise NotFound()
    return row


async def one(
    session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer, reading_id: UUID
) -> ReadingDetail:
    """One reading with everything that belongs to it, or `NotFound`."""
    row, id_ = await row_of(session, reading_id), {"id": reading_id}
    (reading,) = await _out(session, clock, viewer, sealer, [row])
    reports = (await session.execute(_REPORTS, id_)).all()
    views = (await session.execute(_VIEWS, id_)).all()
    events = (await session.execute(_EVENTS, id_)).all()
    names = await _names(
        session,
        [*(one.author_id for one in reports), *(one.person_id for one in (*views, *events))],
    )
    return ReadingDetail(
        reading,
        [_signed(one, names) for one in reports],
        [_view(one, names) for one in views],
        [
            ReadingEventOut(one.at, one.action, one.state, names.get(one.person_id), one.note)
            for one in events
        ],
    )


async def view(session: AsyncSession, reading_id: UUID, view_id: UUID) -> ViewOut:
    """One view, or `NotFound`."""
    rows = (await session.execute(_VIEWS, {"id": reading_id})).all()
    for row in rows:
        if row.id == view_id:
            return _view(row, await _names(session, [row.person_id]))
    raise NotFound()


def _view(row: Row[Any], names: dict[UUID, PersonName]) -> ViewOut:
    return ViewOut(
        row.id,
        names.get(row.person_id),
        row.at,
        row.from_seq,
        row.to_seq,
        row.seconds,
        [(first, last) for first, last in row.parts],
        bytes(row.digest).hex(),
    )


def _signed(row: Row[Any], names: dict[UUID, PersonName]) -> SignedOut:
    first = row.n == 1
    return SignedOut(
        row.n,
        names.get(row.author_id),
        row.facility_id,
        row.view_id,
        row.signed_at,
        bytes(row.digest).hex(),
        msgspec.convert(row.content, ReadingReport) if first else None,
        None if first else msgspec.convert(row.content, ReadingAddendum),
    )


async def _out(
    session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer, rows: Sequence[Row[Any]]
) -> list[ReadingOut]:
    if not rows:
        return []
    names = await _names(
        session,
        [getattr(row, name) for row in rows for name in _PEOPLE],
    )
    cases = [CaseId(row.id) for row in rows]
    women = await pregnancies.subjects(session, clock, viewer, sealer, cases)
    found = []
    for row in rows:
        woman = women.get(CaseId(row.id))
        found.append(
            ReadingOut(
                id=row.id,
                recording_id=row.recording_id,
                pregnancy_id=row.pregnancy_id,
                of_case_id=row.of_case_id,
                facility_id=row.facility_id,
                facility=row.facility,
                reader_facility_id=row.reader_facility_id,
                reader_facility=row.reader_facility,
                from_seq=row.from_seq,
                to_seq=row.to_seq,
                urgency=row.urgency,
                question=row.question,
                state=row.state,
                asked_by=names.get(row.asked_by),
                asked_at=row.asked_at,
                due_at=row.due_at,
                claimed_by=names.get(row.claimed_by),
                claimed_at=row.claimed_at,
                signed_at=row.signed_at,
                received_by=names.get(row.received_by),
                received_at=row.received_at,
                receive_by=row.receive_by,
                escalated_at=row.escalated_at,
                follow_up_at=row.follow_up_at,
                followed_by=names.get(row.followed_by),
                followed_at=row.followed_at,
                version=row.version,
                limits=LimitsUsed(
                    id=row.limits_id,
                    limits=msgspec.convert(row, ReadingLimits, from_attributes=True),
                    source=row.source,
                    confidence=row.confidence,
                ),
                bed=row.bed,
                device=row.serial,
                channels=list(row.channels),
                fetuses=fetuses_out(row.channels, row.labels),
                started_at=row.started_at,
                woman=woman.name_short if woman else "",
                gestation_days=woman.gestation_days if woman else None,
                allowed=allowed(viewer, row),
            )
        )
    return found


async def _names(session: AsyncSession, ids: Iterable[UUID | None]) -> dict[UUID, PersonName]:
    wanted = {PersonId(one) for one in ids if one is not None}
    found = await people.get_many(session, wanted)
    return {id_: PersonName(id_, ref.name, ref.title) for id_, ref in found.items()}
