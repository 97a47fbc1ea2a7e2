"""Heartbeats on a real database: written, refreshed, taken away, and patient when it is gone."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable

import asyncpg

from server.commands.alive import _fresh
from server.heartbeat import beat, beating, instance, leave
from tests.fixtures.database import Clone


async def _rows(database: Clone, query: str, *values: object) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(database.system_url)
    try:
        rows: list[asyncpg.Record] = await connection.fetch(query, *values)
        return rows
    finally:
        await connection.close()


async def _until(condition: Callable[[], Awaitable[bool]], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.05)


async def test_a_beat_is_one_row_that_moves(database: Clone) -> None:
    await beat(database.system, "engine", lambda: {"duties": 3})
    (first,) = await _rows(database, "SELECT * FROM process_heartbeat")
    assert (first["name"], first["instance"], first["pid"]) == ("engine", instance(), os.getpid())
    assert first["detail"] == '{"duties": 3}'
    await beat(database.system, "engine")
    (second,) = await _rows(database, "SELECT * FROM process_heartbeat")
    assert second["beat_at"] > first["beat_at"]
    assert second["started_at"] == first["started_at"]
    assert await _fresh(database.system_url, "engine")
    assert not await _fresh(database.system_url, "worker")
    await leave(database.system, "engine")
    assert not await _fresh(database.system_url, "engine")


async def test_the_row_of_a_killed_process_is_taken_away_once_silent(database: Clone) -> None:
    insert = (
        "INSERT INTO process_heartbeat (name, instance, pid, beat_at)"
        " VALUES ($1, $2, 1, clock_timestamp() - make_interval(secs => $3))"
    )
    host = socket.gethostname()
    await _rows(database, insert, "engine", f"{host}:1", 11.0)  # silent: goes
    await _rows(database, insert, "engine", f"{host}:2", 5.0)  # a second engine: stays
    await _rows(database, insert, "engine", "elsewhere:1", 60.0)  # another host: stays
    await _rows(database, insert, "gateway", "elsewhere:9", 3700.0)  # forgotten after an hour
    await beat(database.system, "engine")
    left = await _rows(database, "SELECT instance FROM process_heartbeat")
    assert {row["instance"] for row in left} == {instance(), f"{host}:2", "elsewhere:1"}


async def test_serves_role_may_beat_too(database: Clone) -> None:
    await beat(database.app, "serve")
    assert await _fresh(database.app_url, "serve")


async def test_beating_survives_a_lost_connection_and_ends_clean(database: Clone) -> None:
    kill = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'engine-heartbeat' AND datname = current_database()"
    )

    async def beats() -> bool:
        return await _fresh(database.system_url, "engine")

    async def beat_again() -> bool:
        query = "SELECT 1 FROM process_heartbeat WHERE beat_at > $1"
        return bool(await _rows(database, query, lost_at))

    async with beating(database.system_url, "engine"):
        await _until(beats)
        (now,) = await _rows(database, "SELECT clock_timestamp() AS at")
        lost_at = now["at"]
        connection = await asyncpg.connect(database.superuser_url)
        await connection.execute(kill)
        await connection.close()
        await _until(beat_again)
    assert await _rows(database, "SELECT 1 FROM process_heartbeat") == []


async def test_an_unreachable_database_is_not_alive() -> None:
    assert not await _fresh("postgresql://nobody@/none?host=/nonexistent", "serve")
