"""Processes of the platform, born in milliseconds so that hundreds can be killed in minutes.

They are forked from a server that has imported everything; each runs the very `run` that
`yunshang engine` or `yunshang sender` runs, in a process of its own, and dies by kill -9.
"""

import asyncio
import ctypes
import multiprocessing
import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Self

from server.settings import Settings
from tests.faults.duty.points import Trouble, arm, doing
from tests.fixtures.database import Clone
from tests.live.town import Centre, Town

PRELOAD = ["server.sending", "server.subscriptions", "tests.faults.duty.imports"]
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload([*PRELOAD, "tests.faults.duty.nursery"])


def settle_in(log: Path) -> None:
    """Words go to the log; the end of whoever forked us is our end."""
    out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(out, 1)
    os.dup2(out, 2)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, int(signal.SIGKILL), 0, 0, 0)


def _process(name: str, settings: Settings, log: Path, trouble: Trouble) -> None:
    settle_in(log)
    os.environ.update(settings.to_env())
    arm(trouble)
    from server.commands import processes

    getattr(processes, name)(settings)


def _client(town: Town, log: Path, trouble: Trouble, act: str, ids: tuple[object, ...]) -> None:
    settle_in(log)
    arm(trouble)

    async def run() -> None:
        with doing(act):
            await getattr(town, act)(*ids)

    asyncio.run(run())


def warm() -> None:
    """Import everything once, so that no trouble waits for it."""
    first = CONTEXT.Process(target=int)
    first.start()
    first.join()


class Life:
    """One place for a process: alive, dead, or alive again."""

    def __init__(self, name: str, settings: Settings, log: Path) -> None:
        self.name = name
        self._settings, self._log = settings, log
        self._child: BaseProcess | None = None

    def start(self, trouble: Trouble | None = None) -> Self:
        """Bring up a new process, with its trouble."""
        self._child = CONTEXT.Process(
            target=_process,
            args=(self.name, self._settings, self._log, trouble or Trouble()),
            daemon=True,
        )
        self._child.start()
        return self

    @property
    def dead(self) -> bool:
        """True once it has ended."""
        return self._child is None or not self._child.is_alive()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it."""
        if self._child is not None and self._child.pid is not None and self._child.is_alive():
            with suppress(ProcessLookupError):
                os.kill(self._child.pid, number)

    def kill(self) -> None:
        """kill -9, and wait for the body."""
        if self._child is not None:
            self._child.kill()
            self._child.join(10)

    async def death(self, patience_s: float) -> bool:
        """Wait for it to kill itself; False if it lives on, or ended in any other way."""
        deadline = time.monotonic() + patience_s
        while not self.dead:
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.02)
        return self._child is not None and self._child.exitcode == -signal.SIGKILL


def die_asking(town: Town, log: Path, point: str, act: str, *ids: "Centre | object") -> BaseProcess:
    """Somebody who pages or answers and dies at `point`."""
    apart = replace(town, clone=Clone(town.clone.layout, town.clone.name))
    child = CONTEXT.Process(
        target=_client, args=(apart, log, Trouble(point), act, ids), daemon=True
    )
    child.start()
    return child
