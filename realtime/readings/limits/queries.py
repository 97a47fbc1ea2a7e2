"""The book of a house: what counts there, what its regions and the platform say, what was."""

from typing import Any, cast
from uuid import UUID

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.rosters import regions
from kernel.ids import FacilityId, PersonId
from kernel.viewer import Viewer
from realtime.alarms.rights import may_write
from realtime.alarms.schemas import Bound, PersonName
from realtime.readings.limits import book
from realtime.readings.limits.rules import BOUNDS, ReadingLimits
from realtime.readings.limits.schemas import (
    LimitsRegion,
    ReadingLimitsBook,
    ReadingLimitsOut,
    Standing,
)
from registry.people import queries as people

MOST = 200

_VERSIONS = text(
    """
    SELECT l.*, r.name AS region, l.valid_from <= clock_timestamp() AS begun
      FROM facility f
      JOIN ctg_reading_limits l ON true
      LEFT JOIN region_closure c ON c.ancestor_id = l.region_id AND c.descendant_id = f.region_id
      LEFT JOIN region r ON r.id = l.region_id
     WHERE f.id = :facility
       AND (l.facility_id = f.id OR c.descendant_id IS NOT NULL
            OR (l.facility_id IS NULL AND l.region_id IS NULL))
     ORDER BY l.facility_id IS NOT NULL DESC, c.depth NULLS LAST, l.valid_from DESC, l.id DESC
     LIMIT :most
    """
)


async def of_facility(
    session: AsyncSession, viewer: Viewer, facility_id: FacilityId
) -> ReadingLimitsBook:
    """Every version of the house, its regions and the platform; the one that counts first."""
    counts, _ = await book.of_house(session, facility_id)
    values = {"facility": facility_id, "most": MOST}
    rows = (await session.execute(_VERSIONS, values)).all()
    names = await people.get_many(
        session, {PersonId(row.recorded_by) for row in rows if row.recorded_by is not None}
    )
    seen = set[tuple[UUID | None, UUID | None]]()
    versions = []
    for row in rows:
        standing = _standing(row, counts, seen)
        who = names.get(row.recorded_by)
        author = None if who is None else PersonName(row.recorded_by, who.name, who.title)
        versions.append(_out(row, standing, author))
    versions.sort(key=lambda one: one.standing != "counts")
    around = await regions.around(session, viewer, facility_id)
    return ReadingLimitsBook(
        facility_id,
        [Bound(name, least, most) for name, (least, most) in BOUNDS.items()],
        versions,
        may_write(viewer, facility_id),
        [LimitsRegion(one.id, one.name) for one in around if one.may_decide],
    )


def _standing(row: Row[Any], counts: UUID, seen: set[tuple[UUID | None, UUID | None]]) -> Standing:
    """Rows of an owner come the newest first; the first that has begun is in force."""
    owner = (row.facility_id, row.region_id)
    if row.id == counts:
        seen.add(owner)
        return "counts"
    if not row.begun:
        return "coming"
    if owner in seen:
        return "past"
    seen.add(owner)
    return "in_force"


def _out(row: Row[Any], standing: Standing, author: PersonName | None) -> ReadingLimitsOut:
    if row.facility_id is not None:
        owner = "facility"
    else:
        owner = "platform" if row.region_id is None else "region"
    return ReadingLimitsOut(
        row.id,
        cast(Any, owner),
        row.region,
        row.valid_from,
        standing,
        msgspec.convert(row, ReadingLimits, from_attributes=True),
        row.source,
        row.confidence,
        author,
        row.recorded_at,
        row.supersedes_id,
    )
