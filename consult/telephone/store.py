"""Statements on recorded calls; row-level security cuts what is not the viewer's."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

_OF_CASE = text("SELECT * FROM consult_call WHERE case_id = :case_id ORDER BY n")
_INSERT = text(
    "INSERT INTO consult_call (id, case_id, n, called_at, minutes, number_sealed, spoke_with, why,"
    "  told, advised, read_back, corrects, late, late_version, person_id, facility_id, recorded_at)"
    " VALUES (:id, :case_id, :n, :called_at, :minutes, :number_sealed, :spoke_with, :why, :told,"
    "  :advised, :read_back, CAST(:corrects AS int), :late, :late_version, :person_id,"
    "  :facility_id, :at)"
)


async def of_case(session: AsyncSession, case_id: UUID) -> Sequence[Row[Any]]:
    """All of a consultation, in the order of recording."""
    return (await session.execute(_OF_CASE, {"case_id": case_id})).all()


async def insert(session: AsyncSession, values: dict[str, Any]) -> None:
    """One more."""
    await session.execute(_INSERT, values)
