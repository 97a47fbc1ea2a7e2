"""Empties the journal into chunks, in one transaction each time.

A crash at any point leaves either the journal row or the chunk, never both and never neither. With
several gateways an advisory lock lets one of them fold at a time.

Nobody compares a second with what another gateway holds when it comes: that is done here, and the
gateways that the recording comes in by are told what its sender has said twice, and differently.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog

from realtime.folding import Chunk, Conflict, JournalRow, Stored, extents, fold
from realtime.gateway.store import UNAVAILABLE, Store
from realtime.packing import readable

log = structlog.get_logger()

CONFLICT_CHANNEL: Final = "yunshang_ctg_conflict"
"""NOTIFY channel of the gateways; the payload is a `Contradiction`."""
MOST_SEQS: Final = 500
"""Seconds that one notice names: PostgreSQL takes no more than 8,000 bytes."""
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
_CONFLICTS: Final = (
    "INSERT INTO ctg_conflict (recording_id, seq, kept, refused)"
    " SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bytea[], $4::bytea[])"
    " ON CONFLICT DO NOTHING RETURNING recording_id, seq"
)
_OVERCOUNTED: Final = (
    "UPDATE ctg_recording SET invalid_samples = invalid_samples - $2 WHERE no = $1"
)

# Its sender had closed it at one gateway and went on at another: it goes on, and is minded.
_REOPEN: Final = "UPDATE ctg_recording SET closed_at = NULL, last_seq = NULL WHERE id = ANY($1)"


class Contradiction(msgspec.Struct, frozen=True):
    """Seconds of a recording that its sender has said twice, and differently."""

    recording: UUID
    seqs: list[int]


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
        known = await connection.fetch(
            "SELECT no, id, last_seq FROM ctg_recording WHERE no = ANY($1)", [s[0] for s in spans]
        )
        ids: dict[int, UUID] = {row["no"]: row["id"] for row in known}
        ends = {row["no"]: row["last_seq"] for row in known if row["last_seq"] is not None}
        outlived = [ids[no] for no, _, high in spans if ends.get(no, high) < high]
        if outlived:
            log.warning("gateway.closed_too_early", recordings=[str(one) for one in outlived])
            await connection.execute(_REOPEN, outlived)
        asked = (
            [ids[no] for no, _, _ in spans],
            [low for _, low, _ in spans],
            [high for _, _, high in spans],
        )
        stored = [
            Stored(row["no"], row["frames"]) for row in await connection.fetch(_OVERLAPS, *asked)
        ]
        packed = await connection.fetch(_PACKED, *asked)
        stored += [Stored(row["no"], readable(row["packed"])) for row in packed]
        folded = await asyncio.to_thread(fold, rows, stored)
        for at in range(0, len(folded.chunks), CHUNKS_AT_ONCE):
            some = [_chunk_row(ids, chunk) for chunk in folded.chunks[at : at + CHUNKS_AT_ONCE]]
            await connection.execute(_CHUNK, *(list(column) for column in zip(*some, strict=True)))
        if folded.overcounted:
            await connection.executemany(_OVERCOUNTED, sorted(folded.overcounted.items()))
        if folded.conflicts:
            await _record(connection, [_conflict_row(ids, one) for one in folded.conflicts])


async def _record(connection: Any, conflicts: Sequence[tuple[Any, ...]]) -> None:
    """Keep what was refused, and say so once this is committed: to the log and to the gateways."""
    columns = (list(column) for column in zip(*conflicts, strict=True))
    seqs: dict[UUID, list[int]] = {}
    for row in await connection.fetch(_CONFLICTS, *columns):
        seqs.setdefault(row["recording_id"], []).append(row["seq"])
    notices = [
        Contradiction(recording, all_[at : at + MOST_SEQS])
        for recording, all_ in seqs.items()
        for at in range(0, len(all_), MOST_SEQS)
    ]
    for notice in notices:
        log.warning("gateway.conflict", recording=str(notice.recording), seqs=notice.seqs)
    await connection.executemany(
        "SELECT pg_notify($1, $2)",
        [(CONFLICT_CHANNEL, msgspec.json.encode(notice).decode()) for notice in notices],
    )


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
