"""Statements on notes beside charts; row-level security cuts what is not the viewer's."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from quality.repository import Scope
from registry.facilities.rules import local_date

MOST: Final = 300
"""Notes of one chart."""

# A house's chart is explained by its own notes and those of the regions around it; a region's by
# those of its parts and houses too. Each chart numbers its own.
_OF = text(
    """
    SELECT * FROM (
    SELECT n.*, coalesce(f.short_name, g.name) AS place,
           n.written_by = app_person() OR app_notes_for(n.facility_id, n.region_id) AS may_withdraw,
           row_number() OVER (PARTITION BY n.code ORDER BY n.month, n.written_at, n.id) AS no
      FROM chart_note n
      LEFT JOIN facility f ON f.id = n.facility_id
      LEFT JOIN region g ON g.id = n.region_id
     WHERE n.code = ANY(:codes) AND n.withdrawn_at IS NULL AND n.month BETWEEN :first AND :last
       AND (CAST(:facility AS uuid) IS NULL OR n.facility_id = :facility OR n.region_id IN (
             SELECT c.ancestor_id FROM facility h
               JOIN region_closure c ON c.descendant_id = h.region_id WHERE h.id = :facility))
       AND (CAST(:region AS uuid) IS NULL OR EXISTS (
             SELECT 1 FROM region_closure c
              WHERE (c.ancestor_id = :region AND c.descendant_id IN (n.region_id, f.region_id))
                 OR (c.descendant_id = :region AND c.ancestor_id = n.region_id)))
    ) n WHERE n.no <= :most
     ORDER BY n.code, n.no
    """
)
_PLACES = text(
    """
    SELECT 'facility' AS kind, f.id, f.short_name AS name, '' AS code FROM facility f
     WHERE app_notes_for(f.id, NULL)
       AND (CAST(:facility AS uuid) IS NULL OR f.id = :facility)
       AND (CAST(:region AS uuid) IS NULL OR EXISTS (SELECT 1 FROM region_closure c
             WHERE c.ancestor_id = :region AND c.descendant_id = f.region_id))
    UNION ALL
    SELECT 'region', g.id, g.name, g.code FROM region g
     WHERE app_notes_for(NULL, g.id)
       AND (CAST(:facility AS uuid) IS NULL OR EXISTS (SELECT 1 FROM facility h
             JOIN region_closure c ON c.descendant_id = h.region_id
            WHERE h.id = :facility AND c.ancestor_id = g.id))
       AND (CAST(:region AS uuid) IS NULL OR EXISTS (SELECT 1 FROM region_closure c
             WHERE c.ancestor_id = g.id AND c.descendant_id = :region))
     ORDER BY kind, code, name
    """
)
_MAY = text("SELECT app_notes_for(:facility, :region)")
_ADD = text(
    "INSERT INTO chart_note (id, code, facility_id, region_id, month, said, written_by, written_at)"
    " VALUES (:id, :code, :facility, :region, :month, :said, :by, :at)"
)
_ONE = text(
    "SELECT n.*, n.written_by = app_person() OR app_notes_for(n.facility_id, n.region_id)"
    " AS may_withdraw FROM chart_note n WHERE n.id = :id AND n.code = :code"
)
_WITHDRAW = text(
    "UPDATE chart_note SET withdrawn_by = :by, withdrawn_at = :at"
    " WHERE id = :id AND withdrawn_at IS NULL"
)


async def of(session: AsyncSession, codes: Sequence[str], scope: Scope) -> Sequence[Row[Any]]:
    """Notes that stand, of the months that the period touches: of each chart, numbered by month."""
    first = local_date(scope.start).replace(day=1)
    asked = {"first": first, "last": scope.last_day, "codes": list(codes), "most": MOST}
    return (await session.execute(_OF, {**_place(scope), **asked})).all()


async def places(session: AsyncSession, scope: Scope) -> Sequence[Row[Any]]:
    """Houses and regions asked for, or around those, for which the viewer writes."""
    return (await session.execute(_PLACES, _place(scope))).all()


def _place(scope: Scope) -> dict[str, object]:
    return {"facility": scope.facility_id, "region": scope.region_id}


async def may_write(session: AsyncSession, facility: UUID | None, region: UUID | None) -> bool:
    """Whether the viewer writes notes there."""
    found = await session.execute(_MAY, {"facility": facility, "region": region})
    return bool(found.scalar_one())


async def add(session: AsyncSession, values: dict[str, Any]) -> None:
    """A new note."""
    await session.execute(_ADD, values)


async def one(session: AsyncSession, code: str, note_id: UUID) -> Row[Any] | None:
    """The note, withdrawn or not; None if unknown or foreign."""
    return (await session.execute(_ONE, {"id": note_id, "code": code})).one_or_none()


async def withdraw(session: AsyncSession, note_id: UUID, by: UUID, at: datetime) -> bool:
    """Take it back; False if somebody was faster."""
    found = await session.execute(_WITHDRAW, {"id": note_id, "by": by, "at": at})
    return bool(found.rowcount)  # type: ignore[attr-defined]
