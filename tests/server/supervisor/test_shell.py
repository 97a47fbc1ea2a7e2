"""The supervisor with small real processes: crashes, silence, orderly and sudden ends."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from kernel.clock import SystemClock
from server.supervisor import ledger
from server.supervisor.lives import BACKOFF_S, Life
from server.supervisor.probes import PortTaken, accepts, check_port
from server.supervisor.program import Program
from server.supervisor.shell import Role, StartFailed, Supervisor

SLEEPER = "import time; time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('deaf', flush=True); time.sleep(600)"
)
WITH_CHILD = (
    "import subprocess, sys, time; child = subprocess.Popen([sys.executable, '-c', "
    "'import time; time.sleep(600)']); print(child.pid, flush=True); time.sleep(600)"
)


def _python(name: str, script: str, stop_seconds: float = 5.0) -> Program:
    return Program(name, (sys.executable, "-c", script), stop_seconds=stop_seconds)


@asynccontextmanager
async def _running(data_dir: Path, *roles: Role) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(data_dir, "test-marker", roles, SystemClock())
    task = asyncio.create_task(supervisor.run())
    try:
        yield supervisor
    finally:
        supervisor.stop()
        await task


async def _until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


def _exists(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


async def test_a_killed_child_comes_back_and_the_ledger_says_so(tmp_path: Path) -> None:
    async with _running(tmp_path, Role(_python("sleeper", SLEEPER))) as supervisor:
        assert await supervisor.ready()
        first = supervisor.child("sleeper").pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await _until(lambda: supervisor.child("sleeper").restarts == 1)
        await _until(lambda: supervisor.child("sleeper").life is Life.RUNNING)
        written = ledger.read(tmp_path)
        assert written is not None
        (record,) = written.children
        assert (record.state, record.restarts, record.last_exit) == ("running", 1, -9)
        assert record.pid != first
        second = record.pid
    assert second is not None
    assert not _exists(second)
    last = ledger.read(tmp_path)
    assert last is not None
    assert last.stopped
    assert [child.state for child in last.children] == ["stopped"]


async def test_a_child_that_cannot_live_is_called_crashed_after_growing_pauses(
    tmp_path: Path,
) -> None:
    ends: list[float] = []
    role = Role(
        _python("broken", "raise SystemExit(3)"),
        before=lambda: ends.append(asyncio.get_running_loop().time()),
        answers=accepts("127.0.0.1", 9),
    )
    async with _running(tmp_path, role) as supervisor:
        await _until(lambda: supervisor.child("broken").life is Life.CRASHED, 20)
        assert supervisor.child("broken").last_exit == 3
    gaps = [later - earlier for earlier, later in pairwise(ends)]
    assert all(gap >= pause for gap, pause in zip(gaps, BACKOFF_S, strict=False))
    assert len(gaps) == 3


async def test_order_of_start_and_a_step_that_runs_once(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    write = "import sys; open(sys.argv[1], 'a').write(sys.argv[2])"
    first = Program("first", (sys.executable, "-c", write, str(trace), "1"))
    second = _python("second", f"open({str(trace)!r}, 'a').write('2'); {SLEEPER}")
    roles = (Role(second, needs=("first",)), Role(first, once=True))
    async with _running(tmp_path, *roles) as supervisor:
        assert await supervisor.ready()
        await _until(lambda: trace.exists() and trace.read_text() == "12")
        assert supervisor.child("first").life is Life.DONE


async def test_a_step_that_fails_again_and_again_ends_everything(tmp_path: Path) -> None:
    roles = (
        Role(_python("sleeper", SLEEPER)),
        Role(_python("step", "raise SystemExit('no such table')"), once=True),
    )
    supervisor = Supervisor(tmp_path, "test-marker", roles, SystemClock())
    ready = asyncio.create_task(supervisor.ready())
    with pytest.raises(StartFailed, match="no such table"):
        await supervisor.run()
    assert await ready is False
    last = ledger.read(tmp_path)
    assert last is not None
    assert {child.state for child in last.children} == {"stopped"}


async def test_nobody_waits_for_what_runs_aside(tmp_path: Path) -> None:
    roles = (
        Role(_python("sleeper", SLEEPER)),
        Role(_python("late", SLEEPER), once=True, aside=True),
        Role(_python("broken", "raise SystemExit(1)"), once=True, aside=True),
    )
    async with _running(tmp_path, *roles) as supervisor:
        assert await supervisor.ready()
        await _until(lambda: supervisor.child("broken").life is Life.CRASHED)
        assert supervisor.child("sleeper").life is Life.RUNNING
        assert supervisor.child("late").life is Life.STARTING


async def test_stages_stop_one_after_the_other(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    script = (
        "import signal, sys, time\n"
        "def end(*_):\n"
        "    time.sleep(float(sys.argv[3]))\n"
        "    open(sys.argv[1], 'a').write(sys.argv[2]); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end); print('up', flush=True); time.sleep(600)\n"
    )

    def role(name: str, stage: int, delay: float) -> Role:
        argv = (sys.executable, "-c", script, str(trace), name, str(delay))
        up = tmp_path / "logs" / f"{name}.log"

        async def answers(_pid: int) -> bool:
            return up.exists() and "up" in up.read_text()

        return Role(Program(name, argv), stage=stage, answers=answers)

    async with _running(tmp_path, role("c", 2, 0), role("a", 0, 0.3), role("b", 1, 0.2)) as running:
        assert await running.ready()
    assert trace.read_text() == "abc"


async def test_a_deaf_child_and_its_grandchild_are_killed(tmp_path: Path) -> None:
    roles = (
        Role(_python("deaf", STUBBORN, stop_seconds=0.3)),
        Role(_python("parent", WITH_CHILD)),
    )
    log = tmp_path / "logs" / "parent.log"
    async with _running(tmp_path, *roles) as supervisor:
        assert await supervisor.ready()
        await _until(lambda: log.exists() and log.read_text().strip() != "")
        await _until(lambda: "deaf" in (tmp_path / "logs" / "deaf.log").read_text())
        grandchild = int(log.read_text())
        deaf = supervisor.child("deaf").pid
        assert _exists(grandchild)
    await _until(lambda: not _exists(grandchild))
    assert deaf is not None
    assert not _exists(deaf)


async def test_a_child_that_never_answers_is_tried_again(tmp_path: Path) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        role = Role(_python("mute", SLEEPER), answers=accepts("127.0.0.1", port), patience_s=0.3)
        async with _running(tmp_path, role) as supervisor:
            await _until(lambda: supervisor.child("mute").restarts >= 1)
            assert supervisor.child("mute").last_exit == -signal.SIGKILL


def test_a_taken_port_is_named_with_its_variable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(PortTaken, match="YUNSHANG_PORT"):
            check_port("127.0.0.1", taken.getsockname()[1], "YUNSHANG_PORT")


async def test_a_second_supervisor_is_refused_by_name(tmp_path: Path) -> None:
    lock = ledger.DirectoryLock(tmp_path)
    ledger.write(tmp_path, pid=4711, born=0.0, marker="m", stopped=False, children=())
    with pytest.raises(ledger.AlreadySupervised, match="process 4711"):
        ledger.DirectoryLock(tmp_path)
    lock.release()
    ledger.DirectoryLock(tmp_path).release()


def test_a_spoilt_ledger_is_as_none(tmp_path: Path) -> None:
    assert ledger.read(tmp_path) is None
    (tmp_path / ledger.FILE).write_text('{"pid": 1')
    assert ledger.read(tmp_path) is None
