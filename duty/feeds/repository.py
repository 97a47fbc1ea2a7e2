"""SQL of feeds. A feed's row is its owner's alone; the public door knows a token by its hash."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.ids import FacilityId, GroupId, PersonId
from kernel.viewer import Viewer

_FEEDS = text(
    """
    SELECT f.id, f.kind, f.group_id, g.name AS group_name, h.short_name AS facility, f.label,
           f.created_at, f.last_used_at, f.revoked_at
      FROM roster_feed f
      LEFT JOIN expert_group g ON g.id = f.group_id
      LEFT JOIN facility h ON h.id = g.facility_id
     WHERE f.person_id = :person_id
     ORDER BY f.created_at, f.id
    """
)
_INSERT = text(
    "INSERT INTO roster_feed (id, person_id, kind, group_id, label, token_hash, created_at)"
    " VALUES (:id, :person_id, :kind, :group_id, :label, :token_hash, :at)"
)
_REVOKE = text(
    "UPDATE roster_feed SET revoked_at = :at"
    " WHERE id = :id AND person_id = :person_id AND revoked_at IS NULL"
)
_HOUSE = text("SELECT facility_id FROM expert_group WHERE id = :id")
_FIND = text("SELECT kind, person_id, group_id FROM roster_feed_find(:token, :at)")
_DUTIES = """
    SELECT h.slot_id, h.person_id, lower(h.during) AS start, upper(h.during) AS "end",
           h.recorded_at, s.tier, s.specialty, g.name AS group_name, f.short_name AS facility,
           (SELECT count(*) FROM shift o
             WHERE int8range(o.slot_no, o.slot_no, '[]') && int8range(h.slot_no, h.slot_no, '[]')
               AND o.slot_no = h.slot_no AND lower(o.during) = lower(h.during)
               AND o.status = 'superseded') AS replaced
      FROM shift h JOIN slot s ON s.id = h.slot_id
      JOIN expert_group g ON g.id = s.group_id JOIN facility f ON f.id = g.facility_id
     WHERE h.status = 'active' AND h.during && tstzrange(:since, :until) AND {whose}
     ORDER BY lower(h.during), h.slot_no LIMIT 5000
"""
_OF_PERSON = text(_DUTIES.format(whose="h.person_id = :id"))
_OF_GROUP = text(_DUTIES.format(whose="g.id = :id"))
_GROUP_NAME = text(
    "SELECT g.name, f.short_name FROM expert_group g JOIN facility f ON f.id = g.facility_id"
    " WHERE g.id = :id"
)


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a token opens: somebody's own duties, or a group's."""

    person_id: PersonId
    group_id: GroupId | None


async def feeds(session: AsyncSession, viewer: Viewer) -> list[Row[Any]]:
    """The viewer's feeds, ended ones included."""
    return list(await session.execute(_FEEDS, {"person_id": viewer.person_id}))


async def insert(session: AsyncSession, values: Mapping[str, object]) -> None:
    """Write a feed."""
    await session.execute(_INSERT, values)


async def revoke(session: AsyncSession, viewer: Viewer, feed_id: UUID, at: datetime) -> None:
    """End a feed of the viewer's, if it has not ended."""
    await session.execute(_REVOKE, {"id": feed_id, "person_id": viewer.person_id, "at": at})


async def house_of(session: AsyncSession, group_id: GroupId) -> FacilityId | None:
    """The facility of a group."""
    found = (await session.execute(_HOUSE, {"id": group_id})).scalar_one_or_none()
    return None if found is None else FacilityId(found)


async def find(session: AsyncSession, token_hash: bytes, at: datetime) -> Subscription | None:
    """The live feed with this token; that it was asked for is noted once an hour."""
    row = (await session.execute(_FIND, {"token": token_hash, "at": at})).one_or_none()
    if row is None:
        return None
    return Subscription(
        PersonId(row.person_id), None if row.kind == "person" else GroupId(row.group_id)
    )


async def duties(
    session: AsyncSession, feed: Subscription, since: datetime, until: datetime
) -> list[Row[Any]]:
    """Standing shifts of a feed in a period."""
    statement = _OF_PERSON if feed.group_id is None else _OF_GROUP
    values = {"id": feed.group_id or feed.person_id, "since": since, "until": until}
    return list(await session.execute(statement, values))


async def group_name(session: AsyncSession, group_id: GroupId) -> str:
    """`云江市妇幼 急救专家组`."""
    row = (await session.execute(_GROUP_NAME, {"id": group_id})).one()
    return f"{row.short_name} {row.name}"
