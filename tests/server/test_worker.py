"""Celery on real Valkey and PostgreSQL: chores reach asyncio, and Valkey may die meanwhile."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import psutil
import pytest
from kombu.exceptions import OperationalError

from server.embedded.services import EmbeddedServices
from server.migrate import upgrade
from server.settings import Settings
from server.supervisor.program import Program, spawn
from server.worker import broker_url, build

ROOT = Path(__file__).resolve().parents[2]


async def _until(condition: Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.1)


def _settings(services: EmbeddedServices) -> Settings:
    layout = services.layout
    return Settings(
        system_database_url=layout.postgres_url("yunshang_system"),
        valkey_url=layout.valkey_url,
        data_dir=layout.data_dir,
        worker_processes=1,
        demo=True,
    )


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("unix:///run/y/valkey.sock", "redis+socket:///run/y/valkey.sock"),
        ("redis://valkey:6379/0", "redis://valkey:6379/0"),
        ("rediss://valkey:6379/0", "rediss://valkey:6379/0"),
    ],
)
def test_the_broker_is_the_same_valkey(url: str, expected: str) -> None:
    assert broker_url(url) == expected


async def test_chores_run_and_outlive_valkey(short_dir: Path) -> None:
    services = EmbeddedServices(short_dir, durable=False)
    with services:
        await upgrade(services.layout.postgres_url("yunshang_owner"))
        settings = _settings(services)
        app = build(settings)
        argv = (sys.executable, "-m", "celery", "-A", "tests.server.chores", "worker")
        options = ("--concurrency=1", "--loglevel=info", "--without-gossip", "--without-mingle")
        program = Program("worker", argv + options, environ=settings.to_env(), cwd=ROOT)
        with (short_dir / "worker.log").open("wb") as log:
            process = spawn(program, stdout=log)
        try:
            connection = await asyncpg.connect(settings.system_database_url)

            async def trace(mark: str) -> bool:
                query = "SELECT pid FROM process_heartbeat WHERE name = 'chore' AND instance = $1"
                return await connection.fetchval(query, mark) is not None

            async def beats() -> bool:
                query = "SELECT 1 FROM process_heartbeat WHERE name = 'worker' AND pid = $1"
                return await connection.fetchval(query, process.pid) is not None

            await _until(beats)
            app.send_task("tests.leave_trace", args=["before"])
            await _until(lambda: trace("before"))

            os.kill(services.pid("valkey"), signal.SIGKILL)
            psutil.Process(services.pid("valkey")).wait(5)
            started = asyncio.get_running_loop().time()
            with pytest.raises(OperationalError):
                build(settings).send_task("tests.leave_trace", args=["lost"])
            assert asyncio.get_running_loop().time() - started < 5, "a publisher must not hang"

            services.restart("valkey")
            # A quiet spell longer than redis-py's own 5 s time-out must not break the reading.
            await asyncio.sleep(7)
            build(settings).send_task("tests.leave_trace", args=["after"])
            await _until(lambda: trace("after"))
            assert process.poll() is None

            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait, 20) == 0
            assert not await beats()
            await connection.close()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    text = (short_dir / "worker.log").read_text()
    assert "Timeout reading from socket" not in text
