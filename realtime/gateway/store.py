"""The gateway's SQL, through asyncpg: nothing else in the process talks to PostgreSQL.

A second lives in the journal, in a chunk or in a segment; every read looks at all three in one
snapshot, so one that moves meanwhile is seen exactly once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from kernel.database_clock import TIME, DatabaseClock
from realtime import frames
from realtime.gateway.arrays import array_text
from realtime.packing import readable

STATEMENT_TIMEOUT_S: Final = 10
UNAVAILABLE: Final = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresSystemError,
    asyncpg.InternalServerError,
    asyncpg.ReadOnlySQLTransactionError,
)
"""The database is away, full, broken or read-only now; nothing was decided. The driver's own
`InternalClientError` is what it says of a line that the server has ended and nobody has closed."""


@dataclass(frozen=True, slots=True)
class Device:
    """Who a bearer token belongs to."""

    id: UUID
    serial: str
    facility_id: UUID
    token_hash: bytes


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """One monitor's wish to begin or resume a recording."""

    recording: UUID
    device: str
    facility_id: UUID
    channels: tuple[str, ...]
    started_at: datetime
    bed: str


@dataclass(frozen=True, slots=True)
class Opened:
    """What is durable of a recording: inclusive ranges received and declared lost."""

    no: int
    received: list[tuple[int, int]]
    lost: list[tuple[int, int]]


Span = tuple[UUID, int, int, int]
"""A recording's id and number, and the first and last second wanted."""


class Store:
    """A small pool; made at once, connected when the database answers."""

    def __init__(self, url: str, *, size: int = 4, name: str = "yunshang gateway") -> None:
        self.url = url
        self._name = name
        self._size = size
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._lock = asyncio.Lock()

    async def pool(self) -> asyncpg.Pool[asyncpg.Record]:
        """The pool; raises one of `UNAVAILABLE` while there is no database."""
        async with self._lock:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self.url,
                    min_size=1,
                    max_size=self._size,
                    timeout=5,
                    command_timeout=STATEMENT_TIMEOUT_S,
                    server_settings={"application_name": self._name},
                )
            return self._pool

    async def close(self) -> None:
        """Give the connections back."""
        if self._pool is not None:
            self._pool.terminate()
            self._pool = None

    async def device_of_token(self, token_hash: bytes) -> Device | None:
        """The device that owns a bearer token, unless revoked."""
        row = await (await self.pool()).fetchrow(
            "SELECT id, serial, facility_id FROM ctg_device_of_token($1)", token_hash
        )
        return Device(row["id"], row["serial"], row["facility_id"], token_hash) if row else None

    async def open_recordings(self, requests: Sequence[OpenRequest]) -> dict[UUID, Opened | str]:
        """Create or find recordings; a string is the code of a refusal."""
        async with (await self.pool()).acquire() as connection:
            answers = await _admit(connection, requests)
            numbers = {rec: no for rec, no in answers.items() if isinstance(no, int)}
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                known = await _known_ranges(connection, numbers)
        refused = {rec: code for rec, code in answers.items() if isinstance(code, str)}
        return {**refused, **known}

    async def known(self, recordings: Sequence[UUID]) -> dict[UUID, Opened]:
        """What is durable of each recording that exists."""
        async with self._snapshot() as connection:
            rows = await connection.fetch(
                "SELECT id, no FROM ctg_recording WHERE id = ANY($1)", list(recordings)
            )
            return await _known_ranges(connection, {row["id"]: row["no"] for row in rows})

    async def read_frames(
        self, recording: UUID, first: int, last: int | None = None, limit: int = 1_800
    ) -> list[bytes]:
        """The stored frames with `first <= seq <= last`, ascending, at most `limit`."""
        top = frames.MAX_SEQ if last is None else last
        async with self._snapshot() as connection:
            journal = await connection.fetch("SELECT ctg_journal_frames($1) AS f", recording)
            chunks = await connection.fetch(
                "SELECT frames AS f FROM ctg_chunk"
                " WHERE recording_id = $1 AND last_seq >= $2 AND first_seq <= $3"
                " ORDER BY first_seq LIMIT $4",
                recording, first, top, limit,
            )  # fmt: skip
            segments = await connection.fetch(
                "SELECT packed FROM ctg_segment"
                " WHERE recording_id = $1 AND last_seq >= $2 AND first_seq <= $3"
                " ORDER BY first_seq LIMIT $4",
                recording, first, top, limit,
            )  # fmt: skip
        parts = [readable(row["packed"]) for row in segments]
        parts += [row["f"] for row in (*chunks, *journal)]
        return frames.merge(parts, first, top, limit)

    async def read_pages(self, spans: Sequence[Span]) -> dict[int, list[bytes]]:
        """The stored frames of several recordings in one look, ascending, by recording number."""
        ids, numbers, firsts, lasts = (list(column) for column in zip(*spans, strict=True))
        parts: dict[int, list[bytes]] = {no: [] for no in numbers}
        async with self._snapshot() as connection:
            journal = await connection.fetch("SELECT * FROM ctg_journal_parts($1)", numbers)
            chunks = await connection.fetch(
                "SELECT c.recording_no AS no, c.frames FROM ctg_chunk c"
                "  JOIN unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS wanted(id, low, high)"
                "    ON c.recording_id = wanted.id"
                "   AND c.last_seq >= wanted.low AND c.first_seq <= wanted.high",
                ids, firsts, lasts,
            )  # fmt: skip
            segments = await connection.fetch(
                "SELECT s.recording_no AS no, s.packed FROM ctg_segment s"
                "  JOIN unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS wanted(id, low, high)"
                "    ON s.recording_id = wanted.id"
                "   AND s.last_seq >= wanted.low AND s.first_seq <= wanted.high",
                ids, firsts, lasts,
            )  # fmt: skip
        for row in segments:
            parts[row["no"]].append(readable(row["packed"]))
        for row in (*chunks, *journal):
            parts[row["no"]].append(row["frames"])
        return {
            no: frames.merge(parts[no], first, last, frames.MAX_SEQ) for _, no, first, last in spans
        }

    @asynccontextmanager
    async def _snapshot(self) -> AsyncIterator[Any]:
        """One view of journal and chunks: a second that moves is in exactly one of them."""
        async with (
            (await self.pool()).acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            yield connection

    async def newest_frames(
        self, numbers: Sequence[int], after: int
    ) -> tuple[int, dict[int, list[bytes]]]:
        """Frames of these recordings in journal rows with `id > after`, and the newest row's id."""
        rows = await (await self.pool()).fetch(
            "SELECT * FROM ctg_journal_parts($1, $2)", list(numbers), after
        )
        found: dict[int, list[bytes]] = {}
        for row in rows:
            found.setdefault(row["no"], []).extend(frames.split_frames(row["frames"]))
        return max((row["id"] for row in rows), default=after), found

    async def folded_up_to(self, recordings: Sequence[UUID]) -> dict[int, int]:
        """The newest second of each recording that is in a chunk, by recording number."""
        rows = await (await self.pool()).fetch(
            "SELECT c.recording_no AS no, c.last_seq FROM unnest($1::uuid[]) AS wanted(id)"
            " CROSS JOIN LATERAL (SELECT recording_no, last_seq FROM ctg_chunk"
            "   WHERE recording_id = wanted.id ORDER BY first_seq DESC LIMIT 1) c",
            list(recordings),
        )
        return {row["no"]: row["last_seq"] for row in rows}

    async def facts(self, recordings: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
        """What a viewer is told about each recording when it subscribes."""
        rows = await (await self.pool()).fetch(
            "SELECT r.id, r.no, r.facility_id, r.bed, r.channels, r.labels, r.started_at,"
            "       r.closed_at, r.pregnancy_id, d.serial AS device,"
            "       (SELECT coalesce(jsonb_agg(jsonb_build_array(g.first_seq, g.last_seq)"
            "                        ORDER BY g.first_seq), '[]')"
            "          FROM ctg_gap g WHERE g.recording_id = r.id)::text AS gaps"
            "  FROM ctg_recording r JOIN ctg_device d ON d.id = r.device_id"
            " WHERE r.id = ANY($1)",
            list(recordings),
        )
        return {row["id"]: dict(row) for row in rows}

    async def write_conflict(self, recording: UUID, seq: int, kept: bytes, refused: bytes) -> None:
        """Record that a second came again with other bytes."""
        await (await self.pool()).execute(
            "INSERT INTO ctg_conflict (recording_id, seq, kept, refused)"
            " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            recording, seq, kept, refused,
        )  # fmt: skip

    async def write_pulses(self, ids: Sequence[UUID], columns: Sequence[Sequence[int]]) -> None:
        """Rewrite the signs of life: the columns of `ctg_pulse`, the moment in µs since 1970."""
        await (await self.pool()).execute(
            "INSERT INTO ctg_pulse (recording_id, seq, heard_at, lag_ms, flags, marks, connected)"
            " SELECT id, seq, to_timestamp(heard_us / 1e6::float8), lag_ms, flags, marks, connected"
            " FROM unnest($1::uuid[], $2::text::bigint[], $3::text::bigint[], $4::text::bigint[],"
            "   $5::text::int[], $6::text::int[], $7::text::bool[])"
            " AS told(id, seq, heard_us, lag_ms, flags, marks, connected)"
            " ON CONFLICT (recording_id) DO UPDATE SET seq = excluded.seq,"
            " heard_at = excluded.heard_at, lag_ms = excluded.lag_ms, flags = excluded.flags,"
            " marks = excluded.marks, connected = excluded.connected"
            # A gateway that lost it late knows less than the one that has it by now.
            " WHERE excluded.connected OR excluded.heard_at >= ctg_pulse.heard_at",
            ids,
            *map(array_text, columns),
        )

    async def write_clocks(self, clocks: Sequence[tuple[UUID, int, int]]) -> None:
        """Keep the clock offset and round trip that senders have measured, nanoseconds."""
        await (await self.pool()).executemany(
            "UPDATE ctg_recording SET clock_offset_ns = $2, clock_rtt_ns = $3 WHERE id = $1",
            clocks,
        )

    async def ask_time(self, clock: DatabaseClock) -> None:
        """Let the clock learn from the database; raises one of `UNAVAILABLE` when it is away."""
        async with (await self.pool()).acquire() as connection:
            asked_ns = clock.steady_ns()
            told_us: int = await connection.fetchval(TIME)
            clock.learn(asked_ns, told_us * 1_000, clock.steady_ns())


async def _admit(connection: Any, requests: Sequence[OpenRequest]) -> dict[UUID, int | str]:
    """Create missing recordings; the number of each, or the code of its refusal."""
    devices = {
        row["serial"]: row
        for row in await connection.fetch(
            "SELECT id, serial, facility_id FROM ctg_device"
            " WHERE serial = ANY($1) AND revoked_at IS NULL",
            [request.device for request in requests],
        )
    }
    answers: dict[UUID, int | str] = {}
    admitted: dict[UUID, tuple[OpenRequest, UUID]] = {}
    for request in requests:
        device = devices.get(request.device)
        if device is None or device["facility_id"] != request.facility_id:
            answers[request.recording] = "ctg.device_unknown"
        else:
            admitted[request.recording] = (request, device["id"])
    rows = await connection.fetch(
        _OPEN_SQL,
        *zip(
            *(
                (r.recording, device, r.facility_id, r.bed, ",".join(r.channels), r.started_at)
                for r, device in admitted.values()
            ),
            strict=True,
        )
        if admitted
        else ([], [], [], [], [], []),
    )
    for row in rows:
        foreign = row["device_id"] != admitted[row["id"]][1]
        answers[row["id"]] = "ctg.recording_foreign" if foreign else row["no"]
    return answers


_OPEN_SQL: Final = """
INSERT INTO ctg_recording AS r (id, device_id, facility_id, bed, channels, started_at)
SELECT id, device_id, facility_id, bed, string_to_array(channels, ','), started_at
  FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[])
       AS asked(id, device_id, facility_id, bed, channels, started_at)
-- Reopening by the same device continues the recording; nobody else's open changes anything.
ON CONFLICT (id) DO UPDATE SET
  closed_at = CASE WHEN r.device_id = excluded.device_id THEN NULL ELSE r.closed_at END,
  last_seq = CASE WHEN r.device_id = excluded.device_id THEN NULL ELSE r.last_seq END
RETURNING r.id, r.no, r.device_id
"""


async def _known_ranges(connection: Any, numbers: dict[UUID, int]) -> dict[UUID, Opened]:
    ids = list(numbers)
    found = {rec: Opened(no, [], []) for rec, no in numbers.items()}
    journal = await connection.fetch(
        "SELECT * FROM ctg_journal_parts($1)", sorted(numbers.values())
    )
    chunks = await connection.fetch(
        "SELECT id, lower(part) AS first, upper(part) - 1 AS last FROM ("
        " SELECT recording_id AS id, unnest(range_agg(int8range(first_seq, last_seq, '[]')))"
        "   AS part FROM (SELECT recording_id, first_seq, last_seq FROM ctg_chunk"
        "     UNION ALL SELECT recording_id, first_seq, last_seq FROM ctg_segment) stored"
        "  WHERE recording_id = ANY($1) GROUP BY recording_id) x",
        ids,
    )
    for row in chunks:
        found[row["id"]].received.append((row["first"], row["last"]))
    gaps = await connection.fetch(
        "SELECT recording_id, first_seq, last_seq FROM ctg_gap WHERE recording_id = ANY($1)", ids
    )
    for row in gaps:
        found[row["recording_id"]].lost.append((row["first_seq"], row["last_seq"]))
    by_number = {opened.no: opened for opened in found.values()}
    for row in journal:
        by_number[row["no"]].received.extend(_runs(row["frames"]))
    return found


def _runs(joined: bytes) -> list[tuple[int, int]]:
    """The inclusive ranges of seconds in joined frames."""
    seqs = sorted(frames.seq_of(frame) for frame in frames.split_frames(joined))
    runs: list[tuple[int, int]] = []
    for seq in seqs:
        if runs and seq <= runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], seq)
        else:
            runs.append((seq, seq))
    return runs
