"""Who was in a consultation's rooms, from when to when, and how their lines were."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from consult.media.engine import Role as RoomRole
from consult.names import Names, names
from consult.requests import store as requests
from consult.rooms.schemas import RoomRoleName
from registry.facilities.schemas import FacilityRef
from registry.people.schemas import PersonRef

_ATTENDED: Final = text(
    # Of another's engine nobody knows whether somebody was cut off or went.
    "WITH s AS (SELECT t.*, r.engine = 'forward' AND t.why IN ('lost', 'moved') AS cut,"
    "   lead(t.joined_at) OVER (PARTITION BY t.admission_id ORDER BY t.joined_at) AS back_at"
    "   FROM room_stay t JOIN consult_room r ON r.id = t.room_id WHERE t.case_id = :case_id)"
    " SELECT a.person_id, a.facility_id, a.role, a.decided_by, min(s.joined_at) AS joined_at,"
    " CASE WHEN bool_and(s.left_at IS NOT NULL) THEN max(s.left_at) END AS left_at,"
    " count(*) AS stays, count(s.back_at) FILTER (WHERE s.cut) AS cuts,"
    " coalesce(extract(epoch FROM sum(s.back_at - s.left_at) FILTER (WHERE s.cut)), 0) AS cut_s,"
    " coalesce(bool_or(s.cut AND s.why = 'lost' AND s.back_at IS NULL), false) AS lost,"
    " max(s.loss) AS loss, coalesce(sum(s.reconnects), 0) AS reconnects,"
    " coalesce(sum(s.audio_only_s), 0) AS audio_only_s"
    "  FROM s JOIN room_admission a ON a.id = s.admission_id"
    " GROUP BY a.id ORDER BY min(s.joined_at), a.id"
)
"""One line an admission. What a worker that died did not say is missing, not nought."""


class Attended(msgspec.Struct, frozen=True):
    """Somebody was heard in a room. A guest's name says their house."""

    person: PersonRef | None
    facility: FacilityRef | None
    role: RoomRoleName
    admitted_by: PersonRef | None
    """Null: entitled, nobody had to decide."""
    joined_at: datetime
    left_at: datetime | None
    """Null while here."""
    stays: int
    """Unbroken stretches of being heard."""
    cuts: int
    """Gaps between them in which the line was gone; in the others they had left by themselves."""
    cut_s: int
    """How long those cuts were together, seconds."""
    lost: bool
    """They were cut off at the end, and did not come back."""
    loss: float | None
    """Share of packets lost on the way to them in the worst stay, 0 to 1; null if nobody said."""
    reconnects: int
    audio_only_s: int


async def of_consult(session: AsyncSession, consult_id: UUID) -> list[Attended]:
    """Everybody who was heard in its rooms, whoever came first first; or `NotFound`."""
    await requests.seen(session, consult_id)
    rows = (await session.execute(_ATTENDED, {"case_id": consult_id})).all()
    people = [id_ for row in rows for id_ in (row.person_id, row.decided_by)]
    known = await names(session, people, [row.facility_id for row in rows])
    return [_attended(row, known) for row in rows]


def _attended(row: Row[Any], known: Names) -> Attended:
    return Attended(
        person=known.person(row.person_id),
        facility=None if row.role == RoomRole.GUEST else known.house(row.facility_id),
        role=row.role,
        admitted_by=known.person(row.decided_by),
        joined_at=row.joined_at,
        left_at=row.left_at,
        stays=row.stays,
        cuts=row.cuts,
        cut_s=round(row.cut_s),
        lost=row.lost,
        loss=row.loss,
        reconnects=row.reconnects,
        audio_only_s=row.audio_only_s,
    )
