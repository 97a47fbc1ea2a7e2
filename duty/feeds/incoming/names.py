"""Whom a house's files mean by which name, kept from one import to the next."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.feeds.incoming.matching import plain
from kernel.ids import FacilityId, PersonId, new_id
from kernel.viewer import Viewer

_KNOWN = text(
    "SELECT DISTINCT ON (name) name, person_id FROM roster_name WHERE facility_id = :facility_id"
    " ORDER BY name, recorded_at DESC, id DESC"
)
_LEARN = text(
    "INSERT INTO roster_name (id, facility_id, name, person_id, recorded_by, recorded_at)"
    " VALUES (:id, :facility_id, :name, :person_id, :by, :at)"
)


async def known(session: AsyncSession, facility_id: FacilityId) -> dict[str, PersonId]:
    """Name in a file → person."""
    rows = await session.execute(_KNOWN, {"facility_id": facility_id})
    return {row.name: PersonId(row.person_id) for row in rows}


async def learn(
    session: AsyncSession,
    viewer: Viewer,
    at: datetime,
    facility_id: FacilityId,
    said: Mapping[str, PersonId],
) -> None:
    """Keep what somebody explained; what was explained before stays readable."""
    for name, person_id in said.items():
        values = {
            "id": new_id(),
            "facility_id": facility_id,
            "name": plain(name),
            "person_id": person_id,
            "by": viewer.person_id,
            "at": at,
        }
        await session.execute(_LEARN, values)
