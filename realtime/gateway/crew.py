"""The gateway's other processes: more workers on the same port, and the keeper.

Each is a child that holds our end of its standard input: when we die, however we die, it reads the
end of the file and stops in an orderly way, or, where that takes too long, at once. A child that
ends by itself is started again.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any, Final

import structlog

log = structlog.get_logger()

KEEPER: Final = "keeper"
WORKER: Final = "worker"
RESTART_S: Final = (0.2, 1.0, 5.0)
STOP_S: Final = 8.0
LASTED_S: Final = 30.0
ORPHAN_S: Final = 12.0
"""So long a part may take to end once its parent is gone."""


class Crew:
    """Runs `command part` once for each of `parts`."""

    def __init__(self, command: Sequence[str], parts: Sequence[str]) -> None:
        self._command = tuple(command)
        self._parts = tuple(parts)
        self._children: dict[int, asyncio.subprocess.Process] = {}
        self._leaving = False

    async def run(self) -> None:
        """Keep every part running until cancelled."""
        await asyncio.gather(*(self._keep(part) for part in self._parts))

    async def _keep(self, part: str) -> None:
        loop, failures = asyncio.get_running_loop(), 0
        while not self._leaving:
            started = loop.time()
            child = await asyncio.create_subprocess_exec(
                *self._command, part, stdin=asyncio.subprocess.PIPE
            )
            self._children[child.pid] = child
            code = await child.wait()
            self._children.pop(child.pid, None)
            if self._leaving:
                return
            failures = 0 if loop.time() - started > LASTED_S else failures + 1
            pause = RESTART_S[min(failures, len(RESTART_S) - 1)]
            log.error("gateway.part_ended", part=part, code=code, retry_s=pause)
            await asyncio.sleep(pause)

    def drain(self) -> None:
        """Ask every worker to leave gently; none is started again."""
        self._leaving = True
        for child in self._children.values():
            with suppress(ProcessLookupError):
                child.send_signal(signal.SIGUSR1)

    async def stop(self) -> None:
        """End all children: by the end of their input, then, after a while, by force."""
        self._leaving = True
        children = list(self._children.values())
        for child in children:
            if child.stdin is not None:
                child.stdin.close()
        waits = [asyncio.create_task(child.wait()) for child in children]
        if waits:
            await asyncio.wait(waits, timeout=STOP_S)
        for child in children:
            if child.returncode is None:
                with suppress(ProcessLookupError):
                    child.kill()


async def while_parent_lives(work: Coroutine[Any, Any, None]) -> None:
    """Run a child's work until it ends or the parent's end of standard input closes.

    A thread listens for that: a loop that hangs, or an end that waits for a database which is gone,
    must not leave a process behind that nobody looks after.
    """
    loop, orphaned = asyncio.get_running_loop(), asyncio.Event()

    def listen() -> None:
        while os.read(sys.stdin.fileno(), 4_096):
            pass
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(orphaned.set)
        # The kernel's own timer, in case this thread is kept from ever running again.
        signal.setitimer(signal.ITIMER_REAL, ORPHAN_S + 1)
        time.sleep(ORPHAN_S)
        try:  # whoever read our words may be gone as well
            log.error("gateway.part_left_behind", after_s=ORPHAN_S)
        finally:
            os._exit(1)

    threading.Thread(target=listen, name="parent", daemon=True).start()
    working, alone = asyncio.ensure_future(work), asyncio.ensure_future(orphaned.wait())
    try:
        await asyncio.wait((working, alone), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            working.cancel()
        with suppress(asyncio.CancelledError):
            await working
    finally:
        alone.cancel()
        if not working.done():
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working
