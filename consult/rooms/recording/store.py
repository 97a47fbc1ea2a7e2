"""Statements on the tables of recordings; row-level security cuts what is not the viewer's."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from consult.media.recording.shelf import Part
from kernel.errors import NotFound

_LIVE = text("SELECT * FROM room_recording WHERE room_id = :room_id AND ended_at IS NULL")
_NEWEST = text(
    "SELECT * FROM room_recording WHERE room_id = :room_id ORDER BY asked_at DESC, id DESC LIMIT 1"
)
_ONE = text("SELECT * FROM room_recording WHERE id = :id")
_OF_CASE = text(
    "SELECT r.*, (SELECT count(*) FROM recording_part p WHERE p.recording_id = r.id) AS parts"
    " FROM room_recording r WHERE r.case_id = :case_id ORDER BY r.asked_at, r.id"
)
_INSERT = text(
    "INSERT INTO room_recording (id, room_id, case_id, asked_by, asked_at, text_version)"
    " VALUES (:id, :room_id, :case_id, :by, :at, :text_version)"
)
_END = text(
    "UPDATE room_recording SET ended_at = :at, ended_by = CAST(:by AS uuid), why_ended = :why"
    " WHERE id = :id AND ended_at IS NULL"
)
_SAY = text(
    "INSERT INTO recording_answer (recording_id, case_id, admission_id, person_id, answer, beside,"
    "  text_version, said_at) VALUES (:recording_id, :case_id, :admission_id, :person_id, :answer,"
    "  CAST(:beside AS text), :text_version, :at)"
)
_ANSWERS = text(
    "SELECT DISTINCT ON (recording_id, admission_id) * FROM recording_answer"
    " WHERE recording_id = ANY(:ids) ORDER BY recording_id, admission_id, id DESC"
)
_VIEW = text(
    "INSERT INTO recording_viewing (id, recording_id, case_id, person_id, opened_at)"
    " VALUES (:id, :recording_id, :case_id, :person_id, :at)"
)
_VIEWINGS = text(
    "SELECT * FROM recording_viewing WHERE recording_id = ANY(:ids) ORDER BY opened_at, id"
)
_VIEWING = text("SELECT * FROM recording_viewing WHERE id = :id AND recording_id = :recording_id")
_PARTS = text(
    "SELECT p.*, a.person_id FROM recording_part p JOIN room_admission a ON a.id = p.admission_id"
    " WHERE p.recording_id = :id ORDER BY p.began_at, p.id"
)
_UNKEPT = text(
    "SELECT * FROM room_recording WHERE ended_at <= :before AND kept_at IS NULL"
    " ORDER BY ended_at LIMIT 1"
)
_PART = text(
    "INSERT INTO recording_part (id, recording_id, case_id, admission_id, source, began_at,"
    "  length_ms, size_bytes, whole, sha256)"
    " SELECT :id, :recording_id, :case_id, a.id, :source, :began_at, :length_ms, :size, :whole,"
    "  :sha256 FROM room_admission a WHERE a.id = :admission_id AND a.case_id = :case_id"
)
_KEPT = text(
    "UPDATE room_recording SET kept_at = :at, retain_until = :until, retention_version = :version"
    " WHERE id = :id AND kept_at IS NULL RETURNING id"
)
_DUE = text(
    "SELECT * FROM room_recording WHERE kept_at IS NOT NULL AND erased_at IS NULL"
    " AND retain_until < :today ORDER BY retain_until, id LIMIT 1 FOR UPDATE SKIP LOCKED"
)
_ERASED = text("UPDATE room_recording SET erased_at = :at WHERE id = :id")


async def live(session: AsyncSession, room_id: UUID) -> Row[Any] | None:
    """The room's recording that is not over."""
    return (await session.execute(_LIVE, {"room_id": room_id})).one_or_none()


async def newest(session: AsyncSession, room_id: UUID) -> Row[Any] | None:
    """The room's newest recording."""
    return (await session.execute(_NEWEST, {"room_id": room_id})).one_or_none()


async def seen(session: AsyncSession, recording_id: UUID) -> Row[Any]:
    """A recording; raises `NotFound` where it is unknown or foreign."""
    row = (await session.execute(_ONE, {"id": recording_id})).one_or_none()
    if row is None:
        raise NotFound()
    return row


async def of_case(session: AsyncSession, case_id: UUID) -> Sequence[Row[Any]]:
    """All recordings of a consultation, the oldest first, with how many files each has."""
    return (await session.execute(_OF_CASE, {"case_id": case_id})).all()


async def insert(session: AsyncSession, values: dict[str, Any]) -> None:
    """A new one."""
    await session.execute(_INSERT, values)


async def end(
    session: AsyncSession, recording_id: UUID, at: datetime, by: UUID | None, why: str
) -> None:
    """It is over."""
    await session.execute(_END, {"id": recording_id, "at": at, "by": by, "why": why})


async def end_of_room(session: AsyncSession, room_id: UUID, at: datetime, by: UUID | None) -> None:
    """The room is closed, and what is recorded of it is over."""
    row = await live(session, room_id)
    if row is not None:
        await end(session, row.id, at, by, "room_ended")


async def say(session: AsyncSession, values: dict[str, Any]) -> None:
    """Somebody's answer."""
    await session.execute(_SAY, values)


async def answers(session: AsyncSession, recording_ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """What everybody said last."""
    return (await session.execute(_ANSWERS, {"ids": list(recording_ids)})).all()


async def view(session: AsyncSession, values: dict[str, Any]) -> None:
    """Somebody looks at it."""
    await session.execute(_VIEW, values)


async def viewings(session: AsyncSession, recording_ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """Who looked, in order."""
    return (await session.execute(_VIEWINGS, {"ids": list(recording_ids)})).all()


async def viewing(session: AsyncSession, recording_id: UUID, viewing_id: UUID) -> Row[Any] | None:
    """One looking of this recording."""
    values = {"id": viewing_id, "recording_id": recording_id}
    return (await session.execute(_VIEWING, values)).one_or_none()


async def parts(session: AsyncSession, recording_id: UUID) -> Sequence[Row[Any]]:
    """Its files, with whose they are."""
    return (await session.execute(_PARTS, {"id": recording_id})).all()


async def unkept(session: AsyncSession, before: datetime) -> Row[Any] | None:
    """One that ended before and whose files are not listed."""
    return (await session.execute(_UNKEPT, {"before": before})).one_or_none()


async def keep(
    session: AsyncSession, row: Row[Any], found: Sequence[Part], at: datetime, until: date, by: str
) -> bool:
    """List its files, and until when they are kept by which version; False if that was done."""
    values = {"id": row.id, "at": at, "until": until, "version": by}
    if (await session.execute(_KEPT, values)).one_or_none() is None:
        return False
    for part in found:
        listed = {
            "id": part.id,
            "recording_id": row.id,
            "case_id": row.case_id,
            "admission_id": part.label.participant,
            "source": str(part.label.source),
            "began_at": part.label.began_at,
            "length_ms": part.length_ms,
            "size": part.size,
            "whole": part.whole,
            "sha256": part.sha256,
        }
        await session.execute(_PART, listed)
    return True


async def due(session: AsyncSession, today: date) -> Row[Any] | None:
    """One whose time is over, locked."""
    return (await session.execute(_DUE, {"today": today})).one_or_none()


async def erased(session: AsyncSession, recording_id: UUID, at: datetime) -> None:
    """Its files are gone."""
    await session.execute(_ERASED, {"id": recording_id, "at": at})
