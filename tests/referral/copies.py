"""Many cases in the same state, cheaply: copies of one that real commands brought there."""

from hashlib import md5
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.ids import new_id
from tests.referral.network import SEEDER, Network

PARTS = ("offer", "leg", "hold", "referral_snapshot", "case_party", "case_pregnancy")
"""Tables that hang on a case."""

POINTING = frozenset({"id", "offer_id", "leg_id", "hold_id"})
"""Columns whose ids are the copy's own."""

_CASE = """
INSERT INTO referral SELECT (jsonb_populate_record(r, jsonb_build_object(
    'id', c, 'number', 'C' || left(md5(c::text), 12)))).*
  FROM referral r, unnest(CAST(:copies AS uuid[])) AS c WHERE r.id = :case
"""
_COLUMNS = """
SELECT column_name, data_type FROM information_schema.columns
 WHERE table_name = :table AND is_identity = 'NO' AND is_generated = 'NEVER'
"""


def copy_of(part_id: UUID, case_id: UUID) -> UUID:
    """The id that an offer, leg or hold has in the copy `case_id`."""
    return UUID(md5(f"{part_id}{case_id}".encode(), usedforsecurity=False).hexdigest())


async def copies(net: Network, case_id: UUID, count: int) -> list[UUID]:
    """So many copies of a case with its parts and parties; each begins a chain of its own."""
    made = [new_id() for _ in range(count)]
    async with net.clone.system.session(SEEDER) as session:
        await session.execute(text(_CASE), {"case": case_id, "copies": made})
        for table in PARTS:
            statement = await _copy(session, table)
            await session.execute(text(statement), {"case": case_id, "copies": made})
    return made


async def _copy(session: AsyncSession, table: str) -> str:
    found = (await session.execute(text(_COLUMNS), {"table": table})).all()
    values = []
    for name, kind in found:
        if name == "case_id":
            values.append("c")
        elif kind == "uuid" and name in POINTING:
            values.append(f"md5(p.{name}::text || c::text)::uuid")
        else:
            values.append(f"p.{name}")
    columns = ", ".join(name for name, _ in found)
    return (
        f"INSERT INTO {table} ({columns}) SELECT {', '.join(values)}"
        f" FROM {table} p, unnest(CAST(:copies AS uuid[])) AS c WHERE p.case_id = :case"
    )
