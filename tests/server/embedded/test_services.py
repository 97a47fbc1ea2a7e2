"""The embedded services are the real ones, private, and keep what they acknowledged."""

import os
import signal
import stat
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis

from server.embedded import postgres, valkey
from server.embedded.layout import prepare_layout
from server.embedded.postgres import SUPERUSER
from server.embedded.services import EmbeddedServices
from tests.fixtures.database import Clone


async def _value(services: EmbeddedServices, role: str, query: str, database: str) -> object:
    connection = await asyncpg.connect(services.layout.postgres_url(role, database))
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_postgres_is_recent_and_roles_are_weak(services: EmbeddedServices) -> None:
    version = await _value(services, "yunshang_app", "SHOW server_version_num", "yunshang")
    assert int(str(version)) >= 150000
    strong = await _value(
        services,
        SUPERUSER,
        "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'yunshang%'"
        " AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb)",
        "postgres",
    )
    assert strong == 0
    owner = await _value(
        services,
        SUPERUSER,
        "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'yunshang'",
        "postgres",
    )
    assert owner == "yunshang_owner"


async def test_valkey_keeps_an_append_only_file(valkey_url: str) -> None:
    client = Redis.from_url(valkey_url)
    try:
        assert await client.ping()
        assert (await client.config_get("appendonly"))["appendonly"] == "yes"
    finally:
        await client.aclose()


def test_sockets_are_closed_to_others(services: EmbeddedServices) -> None:
    layout = services.layout
    assert stat.S_IMODE(layout.run_dir.stat().st_mode) == 0o700
    assert len(str(layout.run_dir / postgres.SOCKET_NAME)) < 100


def test_a_long_path_gets_a_short_socket_directory(short_dir: Path) -> None:
    deep = short_dir / ("a" * 60) / ("b" * 60)
    layout = prepare_layout(deep)
    try:
        assert len(str(layout.run_dir / postgres.SOCKET_NAME)) < 100
        assert prepare_layout(deep) == layout
    finally:
        layout.run_dir.rmdir()


@pytest.mark.usefixtures("template")
async def test_clones_are_migrated_and_separate(database: Clone, module_database: Clone) -> None:
    assert database.name != module_database.name
    for url in (database.app_url, module_database.system_url):
        connection = await asyncpg.connect(url)
        try:
            assert await connection.fetchval("SELECT count(*) FROM process_heartbeat") == 0
        finally:
            await connection.close()


async def test_data_survives_stop_and_kill(short_dir: Path) -> None:
    first = EmbeddedServices(short_dir)
    with first:
        await _value(first, "yunshang_owner", "CREATE TABLE kept (n int)", "yunshang")
        await _value(first, "yunshang_owner", "INSERT INTO kept VALUES (1)", "yunshang")
    second = EmbeddedServices(short_dir)
    with second:
        await _value(second, "yunshang_owner", "INSERT INTO kept VALUES (2)", "yunshang")
        os.kill(second.pid("postgres"), signal.SIGKILL)
        second.restart("postgres")
        kept = await _value(second, "yunshang_owner", "SELECT sum(n) FROM kept", "yunshang")
        assert kept == 3
    assert not postgres.ready(second.layout)
    assert not valkey.ready(second.layout)


def test_another_major_version_is_refused(short_dir: Path) -> None:
    layout = prepare_layout(short_dir)
    layout.postgres_dir.mkdir()
    (layout.postgres_dir / "PG_VERSION").write_text("9\n")
    with pytest.raises(postgres.PostgresFailed, match="made by PostgreSQL 9"):
        postgres.prepare(layout)
