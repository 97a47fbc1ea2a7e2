"""Empties the journal into chunks, in one transaction each time.

A crash at any point leaves either the journal row or the chunk, never both and never neither. With
several gateways an advisory lock lets one of them fold at a time.

Nobody compares a second with what another gateway holds when it comes: that is done here, and the
gateways that the recording comes in by are told what its sender has said twice, and differently.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog

from realtime.folding import (
    MAX_CHUNK_FRAMES,
    Chunk,
    Conflict,
    Folded,
    JournalRow,
    Stored,
    extents,
    fold,
    shares,
)
from realtime.gateway.arrays import array_of, array_text
from realtime.gateway.store import UNAVAILABLE, Store
from realtime.packing import SEGMENT_FRAMES, readable

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
RECORDINGS_AT_ONCE: Final = 250
"""A minute of so many is folded and written together (`shares`)."""

_TAKE: Final = (
    "SELECT id, received_at, array_send(recordings) AS recordings, array_send(counts) AS counts,"
    "       frames FROM ctg_journal WHERE id <= ("
    "  SELECT max(id) FROM (SELECT id, octet_length(frames) AS size,"
    "    sum(octet_length(frames)) OVER (ORDER BY id) AS total FROM ctg_journal"
    "    ORDER BY id LIMIT $1) oldest WHERE total - size < $2)"
    " ORDER BY id"
)
# Looked up one by one in the primary key, whatever the planner thinks of their number. Nothing
# stored is longer than `$4`, so hours of it need not be looked at.
_OVERLAPS: Final = (
    "SELECT c.recording_no AS no, c.frames"
    "  FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS new(id, low, high)"
    " CROSS JOIN LATERAL (SELECT recording_no, frames FROM ctg_chunk WHERE recording_id = new.id"
    "   AND first_seq > new.low - $4 AND first_seq <= new.high AND last_seq >= new.low OFFSET 0) c"
)
_PACKED: Final = (
    "SELECT s.recording_no AS no, s.packed"
    "  FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS new(id, low, high)"
    " CROSS JOIN LATERAL (SELECT recording_no, packed FROM ctg_segment WHERE recording_id = new.id"
    "   AND first_seq > new.low - $4 AND first_seq <= new.high AND last_seq >= new.low OFFSET 0) s"
)
_CHUNK: Final = (
    "INSERT INTO ctg_chunk (recording_id, recording_no, first_seq, last_seq,"
    " received_from, received_to, frames)"
    " SELECT id, no, low, high, since, until,"
    "        substring($8::bytea FROM at FOR (80 * (high - low + 1))::int)"
    "  FROM unnest($1::uuid[], $2::text::bigint[], $3::text::bigint[], $4::text::bigint[],"
    "    $5::timestamptz[], $6::timestamptz[], $7::text::int[])"
    "    AS chunk(id, no, low, high, since, until, at)"
)
"""Their frames come as one: an array of bytes is taken apart and copied once more."""
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
                JournalRow(
                    r["received_at"], array_of(r["recordings"]), array_of(r["counts"]), r["frames"]
                )
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
        lots = [
            spans[at : at + RECORDINGS_AT_ONCE] for at in range(0, len(spans), RECORDINGS_AT_ONCE)
        ]
        parts = await asyncio.to_thread(shares, rows, [lot[0][0] for lot in lots])
        for lot, part in zip(lots, parts, strict=True):
            stored = await _stored(connection, ids, lot)
            await _write(connection, ids, await asyncio.to_thread(fold, part, stored))


async def _stored(
    connection: Any, ids: dict[int, UUID], spans: Sequence[tuple[int, int, int]]
) -> list[Stored]:
    """What is there already between the first and the last new second of each recording."""
    asked = (
        [ids[no] for no, _, _ in spans],
        [low for _, low, _ in spans],
        [high for _, _, high in spans],
    )
    chunks = await connection.fetch(_OVERLAPS, *asked, MAX_CHUNK_FRAMES)
    segments = await connection.fetch(_PACKED, *asked, SEGMENT_FRAMES)
    return [
        *(Stored(row["no"], row["frames"]) for row in chunks),
        *(Stored(row["no"], readable(row["packed"])) for row in segments),
    ]


async def _write(connection: Any, ids: dict[int, UUID], folded: Folded) -> None:
    if folded.chunks:
        await connection.execute(_CHUNK, *_chunk_columns(ids, folded.chunks))
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


def _chunk_columns(ids: dict[int, UUID], chunks: Sequence[Chunk]) -> tuple[Any, ...]:
    ends = list(accumulate(len(chunk.frames) for chunk in chunks))
    return (
        [ids[chunk.recording_no] for chunk in chunks],
        array_text([chunk.recording_no for chunk in chunks]),
        array_text([chunk.first_seq for chunk in chunks]),
        array_text([chunk.last_seq for chunk in chunks]),
        [chunk.received_from for chunk in chunks],
        [chunk.received_to for chunk in chunks],
        array_text([1, *(end + 1 for end in ends[:-1])]),
        b"".join(chunk.frames for chunk in chunks),
    )


def _conflict_row(ids: dict[int, UUID], conflict: Conflict) -> tuple[Any, ...]:
    return ids[conflict.recording_no], conflict.seq, conflict.kept, conflict.refused
