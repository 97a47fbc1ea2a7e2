"""Statements on the tables of guidance; row-level security cuts what is not the viewer's."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from consult import staying
from consult.guidance.presence import Stay
from consult.guidance.rules import RULES
from consult.guidance.states import End, GuidanceState
from kernel.errors import NotFound

_ONE = text("SELECT * FROM guidance_session WHERE id = :id")
_LOCK = text("SELECT * FROM guidance_session WHERE id = :id FOR UPDATE")
_INSERT = text(
    "INSERT INTO guidance_session (id, centre_id, institution_id, kind, topic, of_case_id, drill,"
    "  state, arranged_by, arranged_at, planned_at, minutes) VALUES (:id, :centre_id,"
    "  :institution_id, :kind, :topic, :of_case_id, :drill, 'arranged', :by, :at,"
    "  CAST(:planned_at AS timestamptz), :minutes)"
)
_MOVE = text(
    "UPDATE guidance_session SET state = :state, begun_at = CAST(:begun_at AS timestamptz),"
    " centre_region_id = :centre_region_id, institution_region_id = :institution_region_id,"
    " centre_tier = :centre_tier, area_region_id = :area_region_id,"
    " ended_at = CAST(:ended_at AS timestamptz), together_s = :together_s, rules = :rules,"
    " note = :note, version = version + 1 WHERE id = :id"
)
_MOVED: Final = (
    "begun_at", "centre_region_id", "institution_region_id", "centre_tier", "area_region_id",
    "ended_at", "together_s", "rules", "note",
)  # fmt: skip
_STAYS = text("SELECT * FROM guidance_stay WHERE session_id = :id ORDER BY id")
_COME = text(
    "INSERT INTO guidance_stay (session_id, person_id, facility_id, side, since, heard_at)"
    " VALUES (:id, :person_id, :facility_id, :side, :at, :at)"
)
_HEARD = text("UPDATE guidance_stay SET heard_at = greatest(heard_at, :at) WHERE id = :id")
_GO = text("UPDATE guidance_stay SET left_at = greatest(since, :at) WHERE id = :id")
# Whoever is heard in the room of the consultation that it is about is there as well.
_ROOM_STAYS = text(
    "SELECT a.person_id, a.facility_id, s.joined_at AS since,"
    "       coalesce(s.left_at, s.heard_at) AS until, s.left_at IS NULL AS here"
    "  FROM room_stay s JOIN room_admission a ON a.id = s.admission_id"
    " WHERE s.case_id = :of_case AND a.facility_id IN (:centre, :institution)"
    "   AND coalesce(s.left_at, s.heard_at) > :since ORDER BY s.joined_at"
)
_RECORDS = text("SELECT * FROM guidance_record WHERE session_id = :id ORDER BY n")
_RECORD = text(
    "INSERT INTO guidance_record (session_id, n, person_id, at, words)"
    " SELECT :id, coalesce(max(n), 0) + 1, :person_id, :at, :words FROM guidance_record"
    "  WHERE session_id = :id"
)
_SHARED = text(
    "SELECT app_sees_identity(:case_id) AS mine, EXISTS (SELECT 1 FROM case_party"
    "  WHERE case_id = :case_id AND facility_id = :facility_id) AS theirs"
)
_CONSULT = text("SELECT id FROM consult_request WHERE id = :id")
_DRILL = text(
    "SELECT EXISTS (SELECT 1 FROM case_event WHERE case_id = :id"
    " AND kind IN ('referral.requested', 'referral.self_arrival')"
    " AND convert_from(payload, 'UTF8')::jsonb -> 'drill' = 'true'::jsonb)"
)


async def seen(session: AsyncSession, guidance_id: UUID) -> Row[Any]:
    """The session; `NotFound` if unknown or foreign."""
    return _found((await session.execute(_ONE, {"id": guidance_id})).one_or_none())


async def locked(session: AsyncSession, guidance_id: UUID) -> Row[Any]:
    """The session, locked; `NotFound` if unknown or foreign."""
    return _found((await session.execute(_LOCK, {"id": guidance_id})).one_or_none())


def _found(row: Row[Any] | None) -> Row[Any]:
    if row is None:
        raise NotFound()
    return row


async def insert(session: AsyncSession, values: dict[str, Any]) -> None:
    """A new session."""
    await session.execute(_INSERT, values)


async def move(
    session: AsyncSession, row: Row[Any], to: GuidanceState, changed: dict[str, Any] | None = None
) -> None:
    """Write the new state with what changed."""
    values = {name: getattr(row, name) for name in _MOVED} | (changed or {})
    await session.execute(_MOVE, values | {"id": row.id, "state": str(to)})


async def stays(session: AsyncSession, guidance_id: UUID) -> Sequence[Row[Any]]:
    """Who was there, in the order of coming."""
    return (await session.execute(_STAYS, {"id": guidance_id})).all()


async def room_stays(session: AsyncSession, row: Row[Any]) -> Sequence[Row[Any]]:
    """Who was heard in the room of the consultation that the session is about, since arranged."""
    if row.of_case_id is None:
        return []
    values = {
        "of_case": row.of_case_id,
        "centre": row.centre_id,
        "institution": row.institution_id,
        "since": row.arranged_at,
    }
    return (await session.execute(_ROOM_STAYS, values)).all()


def is_here(stay: Row[Any], at: datetime) -> bool:
    """Still there: not gone, and heard of lately."""
    return staying.is_here(stay, at, RULES.silent_s)


def reached(stay: Row[Any], at: datetime) -> datetime:
    """Until when somebody was there, as far as is known at `at`."""
    return staying.reached(stay, at, RULES.silent_s)


async def come(
    session: AsyncSession, guidance_id: UUID, person_id: UUID, facility_id: UUID, end: End,
    at: datetime,
) -> None:  # fmt: skip
    """Somebody comes."""
    values = {"id": guidance_id, "person_id": person_id, "facility_id": facility_id}
    await session.execute(_COME, values | {"side": str(end), "at": at})


async def heard(session: AsyncSession, stay: Row[Any], at: datetime) -> None:
    """Somebody is still there."""
    await session.execute(_HEARD, {"id": stay.id, "at": at})


async def go(session: AsyncSession, stay: Row[Any], at: datetime) -> None:
    """Somebody goes."""
    await session.execute(_GO, {"id": stay.id, "at": at})


async def presence(session: AsyncSession, row: Row[Any], until: datetime) -> list[Stay]:
    """Everybody's stays until then, on the page and in the room."""
    found = [
        Stay(End(one.side), one.since, min(one.left_at or one.heard_at, until))
        for one in await stays(session, row.id)
    ]
    for one in await room_stays(session, row):
        end = End.CENTRE if one.facility_id == row.centre_id else End.INSTITUTION
        found.append(Stay(end, max(one.since, row.arranged_at), min(one.until, until)))
    return [one for one in found if one.since < one.until]


async def records(session: AsyncSession, guidance_id: UUID) -> Sequence[Row[Any]]:
    """What the centre wrote, in order."""
    return (await session.execute(_RECORDS, {"id": guidance_id})).all()


async def record(
    session: AsyncSession, guidance_id: UUID, person_id: UUID, at: datetime, words: str
) -> None:
    """One more record."""
    values = {"id": guidance_id, "person_id": person_id, "at": at, "words": words}
    await session.execute(_RECORD, values)


async def shared_with(session: AsyncSession, case_id: UUID, facility_id: UUID) -> bool:
    """Whether that house is party to a case that the viewer sees.

    Raises:
        NotFound: the case is unknown or foreign.
    """
    values = {"case_id": case_id, "facility_id": facility_id}
    found = (await session.execute(_SHARED, values)).one()
    if not found.mine:
        raise NotFound()
    return bool(found.theirs)


async def consult_of(session: AsyncSession, case_id: UUID | None) -> UUID | None:
    """The case, if it is a consultation that the viewer sees: its room belongs to the session."""
    if case_id is None:
        return None
    found: UUID | None = (await session.execute(_CONSULT, {"id": case_id})).scalar_one_or_none()
    return found


async def is_drill(session: AsyncSession, case_id: UUID) -> bool:
    """Whether the case began as a drill."""
    return bool((await session.execute(_DRILL, {"id": case_id})).scalar_one())
