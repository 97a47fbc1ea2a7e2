"""The floor: the same rows in the same tables, written plainly by the same number of connections.

What the transitions wrote is read off PostgreSQL's own counters. The floor inserts and updates as
many rows per transaction into copies of those tables, with as many indexes and as many commits,
but without row-level security, triggers, chain, checks or anything read.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg

_COUNTS = """
SELECT relname, n_tup_ins, n_tup_upd FROM pg_stat_user_tables WHERE n_tup_ins + n_tup_upd > 0
"""
_COLUMNS = """
SELECT attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
 WHERE c.relname = $1 AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""
_INDEXES = "SELECT indexdef FROM pg_indexes WHERE tablename = $1"


@dataclass(frozen=True, slots=True)
class Written:
    """Rows that one transition writes on average."""

    table: str
    inserts: float
    updates: float


async def counted(url: str) -> dict[str, tuple[int, int]]:
    """Rows inserted and updated so far, by table."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SELECT pg_stat_force_next_flush()")
        return {row[0]: (row[1], row[2]) for row in await connection.fetch(_COUNTS)}
    finally:
        await connection.close()


def per_transition(
    before: Mapping[str, tuple[int, int]], after: Mapping[str, tuple[int, int]], transitions: int
) -> list[Written]:
    """What was written between two counts."""
    found = []
    for table, (inserted, updated) in after.items():
        was = before.get(table, (0, 0))
        found.append(
            Written(table, (inserted - was[0]) / transitions, (updated - was[1]) / transitions)
        )
    return [row for row in found if row.inserts + row.updates > 0.0005]


async def prepare(url: str, written: list[Written]) -> dict[str, list[Any]]:
    """Copies of the tables with their indexes (none unique), and one row of each to repeat.

    A table whose rows are all deleted again (what watched a case that ended) has none to repeat and
    is left out: the floor is a little lower than it could be.
    """
    connection = await asyncpg.connect(url)
    samples = {}
    try:
        for entry in written:
            table = entry.table
            await connection.execute(
                f"CREATE TABLE floor_{table} (LIKE {table} INCLUDING STORAGE INCLUDING DEFAULTS);"
                f"ALTER TABLE floor_{table} ADD floor_id bigserial PRIMARY KEY"
            )
            names = [row[0] for row in await connection.fetch(_COLUMNS, table)]
            for number, row in enumerate(await connection.fetch(_INDEXES, table)):
                rest = row[0].split(" USING ", 1)[1]
                if rest.startswith("gist") or "floor_" in row[0]:
                    continue
                await connection.execute(
                    f"CREATE INDEX floor_{table}_{number} ON floor_{table} USING {rest}"
                )
            columns = ", ".join(names)
            row = await connection.fetchrow(f"SELECT {columns} FROM {table} LIMIT 1")
            if row is not None:
                samples[table] = [columns, list(row)]
    finally:
        await connection.close()
    return samples


async def run(
    url: str, written: list[Written], samples: dict[str, list[Any]], transactions: int, lanes: int
) -> float:
    """Seconds that one transaction takes, all lanes together."""
    begun = time.perf_counter()
    share = transactions // lanes
    await asyncio.gather(*(_lane(url, written, samples, share) for _ in range(lanes)))
    return (time.perf_counter() - begun) / (share * lanes)


async def _lane(
    url: str, written: list[Written], samples: dict[str, list[Any]], transactions: int
) -> None:
    connection = await asyncpg.connect(url)
    written = [entry for entry in written if entry.table in samples]
    owed = {(entry.table, verb): 0.0 for entry in written for verb in ("insert", "update")}
    last: dict[str, int] = {}
    try:
        for _ in range(transactions):
            async with connection.transaction():
                for entry in written:
                    owed[entry.table, "insert"] += entry.inserts
                    owed[entry.table, "update"] += entry.updates
                    await _write(connection, entry.table, owed, samples, last)
    finally:
        await connection.close()


async def _write(
    connection: Any,
    table: str,
    owed: dict[tuple[str, str], float],
    samples: dict[str, list[Any]],
    last: dict[str, int],
) -> None:
    columns, values = samples[table]
    marks = ", ".join(f"${number}" for number in range(1, len(values) + 1))
    while owed[table, "insert"] >= 1 or (owed[table, "update"] >= 1 and table not in last):
        owed[table, "insert"] -= 1
        last[table] = await connection.fetchval(
            f"INSERT INTO floor_{table} ({columns}) VALUES ({marks}) RETURNING floor_id", *values
        )
    while owed[table, "update"] >= 1:
        owed[table, "update"] -= 1
        name = columns.split(", ")[0]
        await connection.execute(
            f"UPDATE floor_{table} SET {name} = {name} WHERE floor_id = $1", last[table]
        )
