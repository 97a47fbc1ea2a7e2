"""PostgreSQL and Valkey that can be crashed, and the installation that stands on them."""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import asyncpg

from server.embedded import postgres, valkey
from server.embedded.layout import Layout, prepare_layout
from server.supervisor.program import Program, spawn
from tests.fixtures.database import Clone
from tests.live.hung import HungCompany
from tests.live.processes import Phones, settings_of

PATIENCE_S = 60.0
DATABASE = "faults"
HUNG_S = 0.8
"""Below the lease of a storm's senders (2 s)."""


class Ground:
    """Private services with fsync on: what was committed must survive their crash."""

    def __init__(self) -> None:
        self.place = Path(tempfile.mkdtemp(prefix="ys-faults-"))
        self.place.chmod(0o755)
        self.layout: Layout = prepare_layout(self.place)
        self.crashes = 0
        self._log: IO[bytes] = (self.place / "services.log").open("ab")
        self._postgres: subprocess.Popen[bytes] | None = None
        self._valkey: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        postgres.prepare(self.layout)
        self.start_postgres()
        self.start_valkey()
        self.clone = Clone(self.layout, DATABASE)
        asyncio.run(self._create())
        self.company = HungCompany()
        settings = settings_of(self.clone, self.place, self.layout.valkey_url)
        self.settings = self.company.contracted(settings, self.place, timeout_s=HUNG_S)
        self.phones = Phones(self.place)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if hasattr(self, "phones"):
            self.phones.close()
            self.company.close()
        for child, number in ((self._valkey, signal.SIGTERM), (self._postgres, signal.SIGINT)):
            if child is not None and child.poll() is None:
                child.send_signal(number)
                child.wait(30)
        self._log.close()
        if kind is None:
            shutil.rmtree(self.place, ignore_errors=True)

    def start_postgres(self) -> None:
        """Start it and wait until it answers; it dies with the thread that starts it."""
        self._postgres = self._start(postgres.program(self.layout), postgres.ready)

    def start_valkey(self) -> None:
        """Start it and wait until it answers."""
        self._valkey = self._start(valkey.program(self.layout), valkey.ready)

    @property
    def postgres(self) -> "subprocess.Popen[bytes]":
        """The running server."""
        assert self._postgres is not None
        return self._postgres

    def crash_postgres(self) -> None:
        """What `pg_ctl stop -m immediate` does: no checkpoint, every session cut."""
        child = self.postgres
        os.kill(child.pid, signal.SIGQUIT)
        child.wait(30)
        self.crashes += 1
        postgres.clear_ground(self.layout)

    def kill_valkey(self) -> None:
        """kill -9."""
        assert self._valkey is not None
        self._valkey.kill()
        self._valkey.wait(10)

    def _start(
        self, program: Program, ready: Callable[[Layout], bool]
    ) -> "subprocess.Popen[bytes]":
        child = spawn(program, stdout=self._log)
        deadline = time.monotonic() + PATIENCE_S
        while not ready(self.layout):
            if child.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{program.name} did not come up; see {self.place}")
            time.sleep(0.02)
        return child

    async def _create(self) -> None:
        from server.migrate import upgrade

        root = await asyncpg.connect(self.layout.postgres_url(postgres.SUPERUSER, "postgres"))
        await root.execute(f"CREATE DATABASE {DATABASE} OWNER yunshang_owner")
        await root.close()
        await upgrade(self.clone.owner_url)
