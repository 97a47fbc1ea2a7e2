"""Empties the journal into chunks, in one transaction each time.

A crash at any point leaves either the journal row or the chunk, never both and never neither. With
several gateways an advisory lock lets one of them fold at a time.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final
from uuid import UUID

import structlog

from realtime.folding import Chunk, Conflict, JournalRow, Stored, extents, fold
from realtime.gateway.store import UNAVAILABLE, Store
from realtime.packing import unpack

log = structlog.get_logger()

LOCK: Final = 7_283_006
MAX_ROWS: Final = 4_000
"""Rows of one pass: more than a minute of flushes."""
MAX_BYTES: Final = 128 * 2**20
"""Frames of one pass, for the sake of memory: a minute of 20,000 monitors."""
CHUNKS_AT_ONCE: Final = 1_000

_TAKE: Final = (
    "SELECT id, received_at, recordings, counts, frames FROM ctg_journal WHERE id <= ("
    "  SELECT max(id) FROM (SELECT id, octet_length(frames) AS size,"
    "    sum(octet_length(frames)) OVER (ORDER BY id) AS total FROM ctg_journal"
    "    ORDER BY id LIMIT $1) oldest WHERE total - size < $2)"
    " ORDER BY id"
)
_OVERLAPS: Final = (
    "SELECT c.recording_no AS no, c.frames FROM ctg_chunk c"
    "  JOIN unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS new(id, low, high)"
    "    ON c.recording_id = new.id AND c.last_seq >= new.low AND c.first_seq <= new.high"
)
_PACKED: Final = (
    "SELECT s.recording_no AS no, s.packed FROM ctg_segment s"
    "  JOIN unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS new(id, low, high)"
    "    ON s.recording_id = new.id AND s.last_seq >= new.low AND s.first_seq <= new.high"
)
_CHUNK: Final = (
    "INSERT INTO ctg_chunk (recording_id, recording_no, first_seq, last_seq,"
    " received_from, received_to, frames)"
    " SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[],"
    "                      $5::timestamptz[], $6::timestamptz[], $7::bytea[])"
)
_CONFLICT: Final = (
    "INSERT INTO ctg_conflict (recording_id, seq, kept, refused) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT DO NOTHING"
)


class Folder:
    """Folds every `period_s` until cancelled."""

    def __init__(self, store: Store, *, period_s: float = 60.0) -> None:
        self._store = store
        self._period_s = period_s
        self.folded = 0

    async def run(self) -> None:
        """Fold for ever; a database that is away costs nothing but time."""
        while True:
            await asyncio.sleep(self._period_s)
            try:
                while await self.fold_once() == MAX_ROWS:
                    pass
            except UNAVAILABLE as error:
                log.warning("gateway.fold_failed", error=type(error).__name__)

    async def fold_once(self) -> int:
        """Fold the oldest rows; return how many left the journal."""
        async with (await self._store.pool()).acquire() as connection, connection.transaction():
            if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", LOCK):
                return 0
            records = await connection.fetch(_TAKE, MAX_ROWS, MAX_BYTES)
            if not records:
                return 0
            rows = [
                JournalRow(r["received_at"], r["recordings"], r["counts"], r["frames"])
                for r in records
            ]
            await self._move(connection, rows)
            await connection.execute(
                "DELETE FROM ctg_journal WHERE id = ANY($1)", [r["id"] for r in records]
            )
        self.folded += len(records)
        return len(records)

    @staticmethod
    async def _move(connection: Any, rows: list[JournalRow]) -> None:
        spans = await asyncio.to_thread(extents, rows)
        ids: dict[int, UUID] = {
            row["no"]: row["id"]
            for row in await connection.fetch(
                "SELECT no, id FROM ctg_recording WHERE no = ANY($1)", [s[0] for s in spans]
            )
        }
        asked = (
            [ids[no] for no, _, _ in spans],
            [low for _, low, _ in spans],
            [high for _, _, high in spans],
        )
        stored = [
            Stored(row["no"], row["frames"]) for row in await connection.fetch(_OVERLAPS, *asked)
        ]
        packed = await connection.fetch(_PACKED, *asked)
        stored += [Stored(row["no"], unpack(row["packed"])) for row in packed]
        chunks, conflicts = await asyncio.to_thread(fold, rows, stored)
        for at in range(0, len(chunks), CHUNKS_AT_ONCE):
            some = [_chunk_row(ids, chunk) for chunk in chunks[at : at + CHUNKS_AT_ONCE]]
            await connection.execute(_CHUNK, *(list(column) for column in zip(*some, strict=True)))
        if conflicts:
            log.warning("gateway.fold_conflicts", count=len(conflicts))
            await connection.executemany(_CONFLICT, [_conflict_row(ids, c) for c in conflicts])


def _chunk_row(ids: dict[int, UUID], chunk: Chunk) -> tuple[Any, ...]:
    return (
        ids[chunk.recording_no],
        chunk.recording_no,
        chunk.first_seq,
        chunk.last_seq,
        chunk.received_from,
        chunk.received_to,
        chunk.frames,
    )


def _conflict_row(ids: dict[int, UUID], conflict: Conflict) -> tuple[Any, ...]:
    return ids[conflict.recording_no], conflict.seq, conflict.kept, conflict.refused
