"""Imported rows: added, never changed; the newest of a key is the one that counts."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.chain.canonical import encode
from quality.imports.reading import ReadRow

_MAY = text("SELECT app_imports_for(:facility)")
# One file of a house at a time: the second reads what the first wrote.
_QUEUE = text("SELECT pg_advisory_xact_lock(hashtextextended('import ' || :facility, 0))")
_KNOWN = text(
    """
    SELECT DISTINCT ON (key_hash) key_hash, day, content::text AS content
      FROM imported_row
     WHERE facility_id = :facility AND sheet = :sheet AND key_hash = ANY(:keys)
     ORDER BY key_hash, id DESC
    """
)
_BATCH = text(
    """
    INSERT INTO import_batch
      (id, sheet, sheet_no, facility_id, file_name, digest, added_by, rows, taken, warnings)
    VALUES (:id, :sheet, :sheet_no, :facility, :file_name, :digest, :by, :rows, :taken, :warnings)
    """
)
_ROWS = text(
    """
    INSERT INTO imported_row (batch_id, row_no, sheet, facility_id, key_hash, day, content)
    SELECT :batch, row_no, :sheet, :facility, key_hash, day, CAST(content AS jsonb)
      FROM unnest(CAST(:nos AS int[]), CAST(:keys AS bytea[]), CAST(:days AS date[]),
                  CAST(:contents AS text[])) AS given (row_no, key_hash, day, content)
     ORDER BY row_no
    """
)
_BATCHES = text("SELECT * FROM import_batch ORDER BY added_at DESC LIMIT 200")


def key_hash(facility_id: UUID, sheet: str, key: str) -> bytes:
    """32 bytes that name a row for ever, and say nothing to who does not know its number."""
    return sha256(f"{facility_id}\0{sheet}\0{key}".encode()).digest()


async def may_import(session: AsyncSession, facility_id: UUID) -> bool:
    """Whether the viewer brings files for a house."""
    return bool((await session.execute(_MAY, {"facility": facility_id})).scalar_one())


async def queue(session: AsyncSession, facility_id: UUID) -> None:
    """Wait until no other file of the house is being taken."""
    await session.execute(_QUEUE, {"facility": str(facility_id)})


async def known(
    session: AsyncSession, facility_id: UUID, sheet: str, keys: Sequence[bytes]
) -> dict[bytes, tuple[object, bytes]]:
    """Day and content (RFC 8785) of what counts now, by key."""
    values = {"facility": facility_id, "sheet": sheet, "keys": list(keys)}
    return {
        bytes(row.key_hash): (row.day, row.content) for row in await session.execute(_KNOWN, values)
    }


async def add(session: AsyncSession, values: Mapping[str, Any]) -> None:
    """Add the head of a file."""
    await session.execute(_BATCH, values)


async def add_rows(
    session: AsyncSession, batch: UUID, sheet: str, facility_id: UUID, rows: Sequence[ReadRow]
) -> None:
    """Add its rows."""
    await session.execute(
        _ROWS,
        {
            "batch": batch,
            "sheet": sheet,
            "facility": facility_id,
            "nos": [one.row_no for one in rows],
            "keys": [key_hash(facility_id, sheet, one.key) for one in rows],
            "days": [one.day for one in rows],
            "contents": [encode(one.content).decode() for one in rows],
        },
    )


async def batches(session: AsyncSession) -> Sequence[Row[Any]]:
    """Files taken that the viewer may see, the newest first."""
    return (await session.execute(_BATCHES)).all()
