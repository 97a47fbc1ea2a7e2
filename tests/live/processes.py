"""Starts, stops, pauses and kills processes of a live installation."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Self

import httpx

from server.commands.alive import alive
from server.settings import Settings
from server.supervisor.program import Program, spawn
from tests.fixtures.database import Clone
from tests.fixtures.ports import free_port
from tests.live.phones import Ring, rings
from tests.smoke.instance import ROOT


def settings_of(clone: Clone, place: Path, valkey_url: str) -> Settings:
    """Settings of an installation on this database, on a free port."""
    return Settings(
        database_url=clone.app_url,
        system_database_url=clone.system_url,
        owner_database_url=clone.owner_url,
        valkey_url=valkey_url,
        data_dir=place,
        port=free_port(),
        log_level="warning",
        demo=True,
    )


class Process:
    """One process of the platform; its words go to a file."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        log: Path,
        environ: Mapping[str, str] | None = None,
        module: str = "tests.live.entry",
    ) -> None:
        self._program = Program(
            name,
            (sys.executable, "-m", module, name),
            environ={**settings.to_env(), "PYTHONUNBUFFERED": "1", **(environ or {})},
            cwd=ROOT,
        )
        self._log = log
        self.child: subprocess.Popen[bytes] | None = None

    def start(self, environ: Mapping[str, str] | None = None) -> Self:
        """Start it, with these variables too for this one life."""
        program = replace(self._program, environ={**self._program.environ, **(environ or {})})
        with self._log.open("ab") as out:
            self.child = spawn(program, stdout=out)
        return self

    @property
    def dead(self) -> bool:
        """True once it has ended."""
        return self.child is None or self.child.poll() is not None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it, if it lives."""
        if self.child is not None and self.child.poll() is None:
            os.kill(self.child.pid, number)

    def kill(self) -> None:
        """kill -9, and wait for the body."""
        self.signal(signal.SIGKILL)
        if self.child is not None:
            self.child.wait(10)

    def stop(self) -> None:
        """SIGTERM, and kill -9 for one that does not go."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        if self.child is None:
            return
        try:
            self.child.wait(15)
        except subprocess.TimeoutExpired:
            self.kill()


class Phones:
    """The phones' process and what it wrote down."""

    def __init__(self, place: Path) -> None:
        self.journal = place / "phones.txt"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        argv = (sys.executable, "-m", "tests.live.phones", str(self.journal), str(self.port))
        self._child = spawn(Program("phones", argv, cwd=ROOT))
        deadline = time.monotonic() + 20
        while not self.journal.exists():
            if time.monotonic() > deadline or self._child.poll() is not None:
                raise RuntimeError("the phones did not start")
            time.sleep(0.02)

    def rings(self) -> list[Ring]:
        """Everything that has rung."""
        return rings(self.journal)

    def close(self) -> None:
        """Hang up."""
        self._child.kill()
        self._child.wait(10)


def answers(url: str, patience_s: float = 60) -> None:
    """Wait until serve answers.

    Raises:
        RuntimeError: it does not.
    """
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/api/health", timeout=2).status_code in (200, 503):
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise RuntimeError(f"{url} does not answer")


def beats(settings: Settings, names: Collection[str], patience_s: float = 60) -> None:
    """Wait until a process of each name says that it lives.

    Raises:
        RuntimeError: one does not.
    """
    deadline = time.monotonic() + patience_s
    for name in names:
        while not alive(settings, name):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{name} does not beat")
            time.sleep(0.1)
