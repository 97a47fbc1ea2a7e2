"""Which periods were closed, of which region, by whom."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import NotFound
from kernel.ids import PersonId

_COLUMNS = (
    "f.id, f.region_id, g.name AS region, f.starts_at, f.ends_at, f.frozen_by, f.frozen_at,"
    " f.checkpoint_no, f.note, f.reviews_kept"
)
# ruff: noqa: S608  (the queries below are put together from constants)
_ADD = text(
    """
    INSERT INTO indicator_freeze
      (id, region_id, starts_at, ends_at, frozen_by, checkpoint_no, note)
    SELECT :id, :region, :start, :end, :by, (SELECT max(no) FROM chain_checkpoint), :note
    ON CONFLICT (region_id, starts_at, ends_at) DO NOTHING
    RETURNING id
    """
)
_ONE = text(
    f"SELECT {_COLUMNS} FROM indicator_freeze f JOIN region g ON g.id = f.region_id"
    " WHERE f.id = :id"
)
_EVERY = text(
    f"SELECT {_COLUMNS} FROM indicator_freeze f JOIN region g ON g.id = f.region_id"
    " ORDER BY f.ends_at DESC, f.starts_at DESC, g.code"
)
_OVERSEEN = text(
    "SELECT id, name FROM region WHERE app_oversees_region(id) AND level <> 'township'"
    " ORDER BY code"
)


@dataclass(frozen=True, slots=True)
class Freeze:
    """A closed period.

    Attributes:
        checkpoint_no: the newest signed tree head of that moment.
        reviews_kept: false of what was closed before reviews were kept.
    """

    id: UUID
    region_id: UUID
    region: str
    starts_at: datetime
    ends_at: datetime
    frozen_by: UUID
    frozen_at: datetime
    checkpoint_no: int | None
    note: str
    reviews_kept: bool


async def add(
    session: AsyncSession,
    id_: UUID,
    *,
    region_id: UUID,
    start: datetime,
    end: datetime,
    by: PersonId,
    note: str,
) -> bool:
    """Close a period; False if it is closed already for this region."""
    values = {
        "id": id_,
        "region": region_id,
        "start": start,
        "end": end,
        "by": by,
        "note": note,
    }
    return (await session.execute(_ADD, values)).scalar_one_or_none() is not None


async def get(session: AsyncSession, freeze_id: UUID) -> Freeze:
    """One period.

    Raises:
        NotFound: there is none of this id.
    """
    row = (await session.execute(_ONE, {"id": freeze_id})).one_or_none()
    if row is None:
        raise NotFound()
    return _freeze(row)


async def every(session: AsyncSession) -> list[Freeze]:
    """All periods, the latest first."""
    return [_freeze(row) for row in await session.execute(_EVERY)]


async def overseen(session: AsyncSession) -> list[tuple[UUID, str]]:
    """Regions whose periods the viewer may close, with their names."""
    return [(row.id, row.name) for row in await session.execute(_OVERSEEN)]


def _freeze(row: Row[Any]) -> Freeze:
    return Freeze(**row._mapping)
