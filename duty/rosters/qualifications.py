"""Licences and certificates with the days on which they count; a place may ask for one."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.rosters.periods import YEARS
from duty.rosters.policies import may_edit
from duty.rosters.service import moment
from kernel.clock import Clock
from kernel.errors import BadInput, NotFound
from kernel.ids import FacilityId, PersonId, new_id
from kernel.viewer import Viewer
from registry.people import queries as people

_INSERT = text(
    "INSERT INTO person_qualification (id, person_id, facility_id, kind, valid, recorded_by,"
    "  recorded_at)"
    " VALUES (:id, :person_id, :facility_id, :kind, daterange(:first, :until), :by, :at)"
)
_COLUMNS = (
    "SELECT id, person_id, facility_id, kind, lower(valid) AS first, upper(valid) AS until,"
    "  recorded_by, recorded_at FROM person_qualification"
)
_OF_FACILITY = text(
    _COLUMNS + " WHERE facility_id = :facility_id AND revoked_at IS NULL"
    "  ORDER BY person_id, kind, lower(valid)"
)
_GET = text(_COLUMNS + " WHERE id = :id AND revoked_at IS NULL FOR UPDATE")
_REVOKE = text(
    "UPDATE person_qualification SET revoked_by = :by, revoked_at = :at, revoke_reason = :reason"
    " WHERE id = :id"
)


@dataclass(frozen=True, slots=True)
class Qualification:
    """What somebody may do from `first` until just before `until` (None: without end)."""

    id: UUID
    person_id: PersonId
    facility_id: FacilityId
    kind: str
    first: date
    until: date | None
    recorded_by: PersonId | None
    recorded_at: datetime


async def record(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    *,
    person_id: PersonId,
    kind: str,
    first: date,
    until: date | None,
) -> UUID:
    """Note a licence or certificate of somebody of the viewer's own house.

    Raises:
        NotFound: no such person.
        BadInput: it ends before it begins.
    """
    person = await people.get(session, person_id)
    facility_id = FacilityId(person.facility_id)
    may_edit(viewer, facility_id)
    if first.year not in YEARS or (until or first).year not in YEARS:
        raise BadInput(field="from", reason="year")
    if until is not None and until <= first:
        raise BadInput(field="until", reason="end_before_start")
    id_ = new_id()
    await session.execute(
        _INSERT,
        {
            "id": id_,
            "person_id": person_id,
            "facility_id": facility_id,
            "kind": kind,
            "first": first,
            "until": until,
            "by": None if viewer.is_process else viewer.person_id,
            "at": await moment(session, clock),
        },
    )
    return id_


async def revoke(
    session: AsyncSession, clock: Clock, viewer: Viewer, qualification_id: UUID, reason: str
) -> None:
    """It counts no longer, and why; that it was recorded stays."""
    row = (await session.execute(_GET, {"id": qualification_id})).one_or_none()
    if row is None:
        raise NotFound()
    may_edit(viewer, FacilityId(row.facility_id))
    by = None if viewer.is_process else viewer.person_id
    at = await moment(session, clock)
    values = {"id": qualification_id, "by": by, "at": at, "reason": reason}
    await session.execute(_REVOKE, values)


async def of_facility(session: AsyncSession, facility_id: FacilityId) -> list[Qualification]:
    """What the viewer may see of a facility's people: one's own, or all for who rosters."""
    rows = await session.execute(_OF_FACILITY, {"facility_id": facility_id})
    return [_qualification(row) for row in rows]


def _qualification(row: Row[Any]) -> Qualification:
    return Qualification(
        row.id,
        PersonId(row.person_id),
        FacilityId(row.facility_id),
        row.kind,
        row.first,
        row.until,
        row.recorded_by,
        row.recorded_at,
    )
