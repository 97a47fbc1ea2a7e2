"""Guests' links as hosts see them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from consult.names import names
from consult.rooms.guests import store
from consult.rooms.schemas import GuestLink


async def given(
    session: AsyncSession, at: datetime, room_id: UUID, *, open_: bool
) -> list[GuestLink]:
    """The links given for a room, the oldest first."""
    rows = await store.of_room(session, room_id, at)
    if not rows:
        return []
    known = await names(session, [id_ for row in rows for id_ in (row.id, row.invited_by)], [])
    return [
        GuestLink(
            id=row.id,
            person=known.person(row.id),
            invited_by=known.person(row.invited_by),
            invited_at=row.invited_at,
            open_by=row.open_by,
            ends_at=row.ends_at,
            opened_at=row.opened_at,
            revoked_at=row.revoked_at,
            lives=row.lives,
            allowed=["revoke"] if open_ and row.lives else [],
        )
        for row in rows
    ]
