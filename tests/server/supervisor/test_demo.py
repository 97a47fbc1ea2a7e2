"""`yunshang demo` with the real services: comes up, survives deaths, leaves nothing behind."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import httpx
import psutil
import pytest

from server.embedded.layout import prepare_layout
from server.supervisor import ledger
from server.supervisor.leftovers import MARKER
from server.vitals import WORKING
from tests.fixtures.ports import free_port

ROOT = Path(__file__).resolve().parents[3]
UP_SECONDS = 120.0
CORE = ("valkey", "worker", "engine", "gateway", "serve", "postgres")


class Demo:
    """One data directory and the supervisors that run on it, one after the other."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.port, self.gateway_port = free_port(), free_port()
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, **changes: str) -> "subprocess.Popen[bytes]":
        """Start a supervisor; its words go to demo.log."""
        environ = {
            **{key: value for key, value in os.environ.items() if not key.startswith("YUNSHANG_")},
            "YUNSHANG_DATA_DIR": str(self.data_dir),
            "YUNSHANG_PORT": str(self.port),
            "YUNSHANG_GATEWAY_PORT": str(self.gateway_port),
            **changes,
        }
        with (self.data_dir / "demo.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "server.cli", "demo"],
                cwd=ROOT,
                env=environ,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        self.processes.append(process)
        return process

    @property
    def states(self) -> str:
        """What the supervisor wrote down last, and the ends of its children's logs."""
        last = ledger.read(self.data_dir)
        lines = [str(child) for child in last.children] if last else []
        for log in sorted((self.data_dir / "logs").glob("*.log")):
            lines += [f"== {log.name}", *log.read_text("utf-8").splitlines()[-6:]]
        return "\n".join(lines)

    @property
    def words(self) -> str:
        """What the supervisors said so far."""
        return (self.data_dir / "demo.log").read_text()

    def child(self, name: str) -> ledger.ChildRecord:
        """A child as the ledger has it."""
        last = ledger.read(self.data_dir)
        assert last is not None, self.words
        return next(child for child in last.children if child.name == name)

    def is_up(self) -> bool:
        """Whether what people need of the newest supervisor runs."""
        assert self.processes[-1].poll() is None, self.words
        last = ledger.read(self.data_dir)
        if last is None or last.pid != self.processes[-1].pid:
            return False
        return all(child.state in WORKING for child in last.children if child.name in CORE)

    def ours(self) -> list[psutil.Process]:
        """Every live process that belongs to this data directory, however deep."""
        layout = prepare_layout(self.data_dir)
        found = []
        for process in psutil.process_iter():
            try:
                marked = process.environ().get(MARKER) == layout.tag
                serving = process.cwd() == str(layout.postgres_dir)
                if (marked or serving) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except (psutil.Error, OSError):
                continue
        return found

    async def fetch(self, query: str) -> object:
        """One value from the private database."""
        url = prepare_layout(self.data_dir).postgres_url("yunshang_owner")
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()


@pytest.fixture
def demo(short_dir: Path) -> Iterator[Demo]:
    running = Demo(short_dir)
    yield running
    for process in running.processes:
        if process.poll() is None:
            process.kill()
            process.wait()
    for process in running.ours():
        process.kill()


async def _until(condition: Callable[[], bool], seconds: float, demo: Demo) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, demo.words + demo.states
        await asyncio.sleep(0.1)


async def test_a_life_with_deaths(demo: Demo) -> None:
    """Start, death of every child, a second supervisor, kill -9, resume, orderly end."""
    first = demo.start()
    await _until(demo.is_up, UP_SECONDS, demo)
    await _until(lambda: f"http://127.0.0.1:{demo.port}" in demo.words, 5, demo)
    base = f"http://127.0.0.1:{demo.port}"
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{base}/api/health")).json() == {"status": "ok"}
        assert (await client.get(f"http://127.0.0.1:{demo.gateway_port}/health")).is_success
    await demo.fetch("CREATE TABLE kept AS SELECT 1 AS n")

    for pid in [demo.child(name).pid for name in CORE]:
        assert pid is not None, demo.words
        os.kill(pid, signal.SIGKILL)
    await _until(lambda: all(demo.child(name).restarts for name in CORE), 20, demo)
    await _until(demo.is_up, 60, demo)
    assert demo.child("postgres").last_exit == -signal.SIGKILL

    second = demo.start()
    assert await asyncio.to_thread(second.wait, 20) == 2
    assert f"in use by another Yunshang (process {first.pid})" in demo.words
    demo.processes.remove(second)

    first.kill()
    first.wait()
    third = demo.start()
    await _until(demo.is_up, UP_SECONDS, demo)
    assert await demo.fetch("SELECT n FROM kept") == 1

    third.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(third.wait, 60) == 0, demo.words
    assert demo.ours() == []
    layout = prepare_layout(demo.data_dir)
    assert sorted(path.name for path in layout.run_dir.iterdir()) == []
    assert not (layout.postgres_dir / "postmaster.pid").exists()
    last = ledger.read(demo.data_dir)
    assert last is not None
    assert last.stopped
    assert {child.state for child in last.children} == {"stopped"}


async def test_a_taken_port_is_said_before_anything_starts(demo: Demo) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = demo.start(YUNSHANG_PORT=str(taken.getsockname()[1]))
        assert await asyncio.to_thread(process.wait, 20) == 2
    assert "set YUNSHANG_PORT to another port" in demo.words
    assert demo.ours() == []


async def test_leftovers_that_did_not_hear_the_kernel_are_ended(demo: Demo) -> None:
    """A process with our marker that ignores its parent's death, and an innocent stranger."""
    tag = prepare_layout(demo.data_dir).tag
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"

    def sleeper(marker: str) -> "subprocess.Popen[bytes]":
        environ = {**os.environ, MARKER: marker}
        return subprocess.Popen([sys.executable, "-c", deaf], env=environ)

    ours, stranger = sleeper(tag), sleeper("another-installation")
    try:
        process = demo.start()
        assert await asyncio.to_thread(ours.wait, 30) == -signal.SIGKILL
        assert stranger.poll() is None
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 60) == 0, demo.words
    finally:
        for sleeping in (ours, stranger):
            sleeping.kill()
            sleeping.wait()
