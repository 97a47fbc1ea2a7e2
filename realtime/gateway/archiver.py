"""Turns quiet chunks into compressed segments, in one transaction each time.

A segment is written and its chunks deleted together, and only after the packed bytes were unpacked
again and found equal: a crash at any point leaves either the chunks or the segment. It takes turns
with the folder under the same lock.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog

from realtime import frames
from realtime.gateway.folder import LOCK
from realtime.gateway.store import UNAVAILABLE, Store
from realtime.packing import SEGMENT_FRAMES, pack, unpack

log = structlog.get_logger()

QUIET: Final = timedelta(hours=1)
PERIOD_S: Final = 600.0
MAX_RECORDINGS: Final = 50

# Ripe is a recording with a whole segment's worth of old seconds, or with nothing new at all.
_RIPE: Final = (
    "SELECT recording_id FROM ctg_chunk c WHERE received_to < clock_timestamp() - $1::interval"
    " GROUP BY recording_id"
    " HAVING sum(last_seq - first_seq + 1) >= $2 OR NOT EXISTS (SELECT 1 FROM ctg_chunk n"
    "   WHERE n.recording_id = c.recording_id"
    "     AND n.received_to >= clock_timestamp() - $1::interval)"
    " ORDER BY recording_id LIMIT $3"
)
_CHUNKS: Final = (
    "SELECT recording_id, recording_no, first_seq, last_seq, received_from, received_to, frames"
    "  FROM ctg_chunk"
    " WHERE recording_id = $1 AND received_to < clock_timestamp() - $2::interval"
    " ORDER BY first_seq LIMIT $3"
)
_SEGMENT: Final = (
    "INSERT INTO ctg_segment (recording_id, recording_no, first_seq, last_seq,"
    " received_from, received_to, packed, digest) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
)
_DELETE: Final = "DELETE FROM ctg_chunk WHERE recording_id = $1 AND first_seq = ANY($2::bigint[])"


@dataclass(frozen=True, slots=True)
class Piece:
    """A chunk as it is stored."""

    recording_id: UUID
    recording_no: int
    first_seq: int
    last_seq: int
    received_from: datetime
    received_to: datetime
    frames: bytes


def runs(pieces: Sequence[Piece], most: int = SEGMENT_FRAMES) -> list[list[Piece]]:
    """Group chunks that follow each other without a hole, at most `most` seconds a group.

    Args:
        pieces: one recording's, ascending; none is longer than `most`.
    """
    groups: list[list[Piece]] = []
    for piece in pieces:
        group = groups[-1] if groups else []
        follows = bool(group) and piece.first_seq == group[-1].last_seq + 1
        if follows and piece.last_seq - group[0].first_seq < most:
            group.append(piece)
        else:
            groups.append([piece])
    return groups


class Archiver:
    """Packs every `period_s` until cancelled."""

    def __init__(
        self, store: Store, *, period_s: float = PERIOD_S, quiet: timedelta = QUIET
    ) -> None:
        self._store = store
        self._period_s = period_s
        self._quiet = quiet
        self.packed = 0

    async def run(self) -> None:
        """Pack for ever; a database that is away costs nothing but time."""
        while True:
            await asyncio.sleep(self._period_s)
            try:
                while await self.pack_once() == MAX_RECORDINGS:
                    pass
            except UNAVAILABLE as error:
                log.warning("gateway.pack_failed", error=type(error).__name__)

    async def pack_once(self) -> int:
        """Pack what is ripe of some recordings; return of how many."""
        pool = await self._store.pool()
        ripe = await pool.fetch(_RIPE, self._quiet, SEGMENT_FRAMES, MAX_RECORDINGS)
        for row in ripe:
            async with pool.acquire() as connection, connection.transaction():
                await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
                await self._pack(connection, row["recording_id"])
        return len(ripe)

    async def _pack(self, connection: Any, recording: UUID) -> None:
        rows = await connection.fetch(_CHUNKS, recording, self._quiet, SEGMENT_FRAMES)
        for group in runs([Piece(**dict(row)) for row in rows]):
            joined = b"".join(piece.frames for piece in group)
            packed = await asyncio.to_thread(pack, joined)
            if await asyncio.to_thread(unpack, packed) != joined:
                raise AssertionError("a segment does not unpack to what was packed")
            await connection.execute(
                _SEGMENT,
                recording, group[0].recording_no, group[0].first_seq, group[-1].last_seq,
                min(piece.received_from for piece in group),
                max(piece.received_to for piece in group),
                packed, hashlib.sha256(joined).digest(),
            )  # fmt: skip
            await connection.execute(_DELETE, recording, [piece.first_seq for piece in group])
            self.packed += len(joined) // frames.FRAME_BYTES
