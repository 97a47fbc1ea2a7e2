"""Statements on guests' links; row-level security cuts what is not the viewer's."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import NotFound

_ADD_PERSON = text(
    "SELECT link_holder_add(:id, :case_id, :facility, :name, :title, NULL, :demo, :at)"
)
_INSERT = text(
    "INSERT INTO room_guest (id, room_id, case_id, facility_id, token_hash, invited_by, invited_at,"
    "  open_by, ends_at) VALUES (:id, :room_id, :case_id, :facility, :token, :by, :at, :open_by,"
    "  :ends_at)"
)
_OF_ROOM = text(
    "SELECT g.*, guest_lives(g, :at) AS lives FROM room_guest g WHERE g.room_id = :room_id"
    " ORDER BY g.invited_at, g.id"
)
_ONE = text("SELECT * FROM room_guest WHERE id = :id")
_REVOKE = text("UPDATE room_guest SET revoked_at = :at, revoked_by = :by WHERE id = :id")
_OPEN = text("SELECT * FROM guest_open(:token, :secret, :at)")
_FIND = text("SELECT id, facility_id FROM guest_find(:secret, :at)")


async def insert(session: AsyncSession, person: dict[str, Any], link: dict[str, Any]) -> None:
    """A guest: a person without an account, and their link."""
    await session.execute(_ADD_PERSON, person)
    await session.execute(_INSERT, link)


async def of_room(session: AsyncSession, room_id: UUID, at: datetime) -> Sequence[Row[Any]]:
    """The room's links, the oldest first, and whether each still opens the room."""
    return (await session.execute(_OF_ROOM, {"room_id": room_id, "at": at})).all()


async def one(session: AsyncSession, guest_id: UUID) -> Row[Any]:
    """A link; raises `NotFound` where it is unknown or foreign."""
    row = (await session.execute(_ONE, {"id": guest_id})).one_or_none()
    if row is None:
        raise NotFound()
    return row


async def revoke(session: AsyncSession, guest_id: UUID, by: UUID, at: datetime) -> None:
    """It opens nothing any more."""
    await session.execute(_REVOKE, {"id": guest_id, "by": by, "at": at})


async def opened(
    session: AsyncSession, token: bytes, secret: bytes, at: datetime
) -> Row[Any] | None:
    """The link of this token, opened now and for the first time; None where that cannot be."""
    values = {"token": token, "secret": secret, "at": at}
    return (await session.execute(_OPEN, values)).one_or_none()


async def found(session: AsyncSession, secret: bytes, at: datetime) -> Row[Any] | None:
    """The guest of this browser, while the link lives."""
    return (await session.execute(_FIND, {"secret": secret, "at": at})).one_or_none()
