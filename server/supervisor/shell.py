"""The supervisor's asyncio shell: starts children in order, restarts them, stops them in order."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import structlog

from kernel.clock import Clock
from server.settings import CannotGoOn
from server.supervisor import ledger
from server.supervisor.leftovers import MARKER, born
from server.supervisor.lives import Child, Life, Turn
from server.supervisor.program import Program, spawn

log = structlog.get_logger()

Probe = Callable[[int], Awaitable[bool]]
"""Asked again and again with the child's process id until it says True."""

POLL_S = 0.05
LOG_BYTES = 5_000_000


class StartFailed(CannotGoOn):
    """A step that everything waits for failed again and again."""


@dataclass(frozen=True, slots=True)
class Role:
    """A child's part in the whole.

    Attributes:
        program: what to start.
        needs: children that must answer (or be done) first.
        stage: stages stop in ascending order, each completely before the next.
        once: runs to its end and must succeed; nothing restarts it afterwards.
        aside: nobody waits for it, and its failure is shown but ends nothing else.
        answers: tells whether it works; None means that being alive is enough.
        before: clears the ground before each start.
        patience_s: how long it may take to answer before it is ended and tried again.
    """

    program: Program
    needs: tuple[str, ...] = ()
    stage: int = 0
    once: bool = False
    aside: bool = False
    answers: Probe | None = None
    before: Callable[[], None] | None = None
    patience_s: float = 120.0

    @property
    def name(self) -> str:
        """The program's name."""
        return self.program.name


class Supervisor:
    """Keeps a set of roles filled until told to stop."""

    def __init__(self, data_dir: Path, marker: str, roles: Sequence[Role], clock: Clock) -> None:
        self._data_dir = data_dir
        self._marker = marker
        self._roles = tuple(roles)
        self._clock = clock
        self._children = {role.name: Child(role.name) for role in roles}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._ready = {role.name: asyncio.Event() for role in roles}
        self._stopping = asyncio.Event()
        self._hurry = asyncio.Event()
        self._failed: str | None = None
        self._logs = data_dir / "logs"

    def stop(self) -> None:
        """Ask for an orderly end; asked twice, end everything at once."""
        if self._stopping.is_set():
            self._hurry.set()
        self._stopping.set()

    def child(self, name: str) -> Child:
        """What is known about a child."""
        return self._children[name]

    async def ready(self) -> bool:
        """Wait until every role that matters is filled; False if stopped before that."""
        everybody = asyncio.create_task(self._everybody())
        stopping = asyncio.create_task(_set(self._stopping))
        await asyncio.wait({everybody, stopping}, return_when=asyncio.FIRST_COMPLETED)
        everybody.cancel()
        stopping.cancel()
        await asyncio.gather(everybody, stopping, return_exceptions=True)
        return not self._stopping.is_set()

    async def _everybody(self) -> None:
        for role in self._roles:
            if not role.aside:
                await self._ready[role.name].wait()

    async def run(self) -> None:
        """Fill the roles until `stop`; on return no child is left.

        Raises:
            StartFailed: a `once` role failed again and again.
        """
        self._logs.mkdir(parents=True, exist_ok=True)
        self._write()
        keepers = [asyncio.create_task(self._keep(role)) for role in self._roles]
        watch = asyncio.create_task(_set(self._stopping))
        try:
            # A keeper ends only with an error (or after a once role): never lose such an error.
            pending = {watch, *keepers}
            while not self._stopping.is_set():
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in done - {watch}:
                    task.result()
        finally:
            self._stopping.set()
            for task in (watch, *keepers):
                task.cancel()
            await asyncio.gather(watch, *keepers, return_exceptions=True)
            await self._stop_all()
        if self._failed:
            raise StartFailed(self._failed)

    async def _keep(self, role: Role) -> None:
        for need in role.needs:
            await self._ready[need].wait()
        while True:
            self._start(role)
            code = await self._attend(role)
            if role.once and code == 0:
                self._turn(role, Turn.FINISH)
                self._ready[role.name].set()
                return
            self._sweep(role)
            ended = self._children[role.name].ended(code, self._clock.now())
            self._set(ended)
            log.warning("child.ended", child=role.name, code=code, pause_s=ended.pause_s)
            if role.once and ended.life is Life.CRASHED:
                if role.aside:
                    return
                self._failed = f"{role.name} failed:\n{self.tail(role.name)}"
                self._stopping.set()
                return
            await asyncio.sleep(ended.pause_s)

    def _start(self, role: Role) -> None:
        if role.before is not None:
            role.before()
        program = role.program
        with self._log_of(role.name) as out:
            process = spawn(_marked(program, self._marker), stdout=out)
        self._processes[role.name] = process
        child = self._children[role.name]
        self._set(child.started(process.pid, born(process.pid), self._clock.now()))

    async def _attend(self, role: Role) -> int:
        """Wait for the first answer, then for the end; returns the exit code."""
        process = self._processes[role.name]
        if not role.once:
            answering = asyncio.create_task(self._await_answer(role, process))
            ending = asyncio.create_task(_end_of(process))
            try:
                await asyncio.wait({answering, ending}, return_when=asyncio.FIRST_COMPLETED)
                if not ending.done():
                    self._hear(role, process, answered=answering.result())
            finally:
                for task in (answering, ending):
                    task.cancel()
                await asyncio.gather(answering, ending, return_exceptions=True)
        return await _end_of(process)

    def _hear(self, role: Role, process: "subprocess.Popen[bytes]", *, answered: bool) -> None:
        if not answered:
            log.warning("child.silent", child=role.name, patience_s=role.patience_s)
            process.kill()
            return
        self._turn(role, Turn.ANSWER)
        self._ready[role.name].set()

    async def _await_answer(self, role: Role, process: "subprocess.Popen[bytes]") -> bool:
        if role.answers is None:
            await asyncio.sleep(POLL_S * 4)
            return True
        deadline = asyncio.get_running_loop().time() + role.patience_s
        while asyncio.get_running_loop().time() < deadline:
            if process.poll() is None and await role.answers(process.pid):
                return True
            await asyncio.sleep(POLL_S)
        return False

    async def _stop_all(self) -> None:
        for stage in sorted({role.stage for role in self._roles}):
            roles = [role for role in self._roles if role.stage == stage]
            await asyncio.gather(*(self._stop_one(role) for role in roles))
        self._write(stopped=True)

    async def _stop_one(self, role: Role) -> None:
        process = self._processes.get(role.name)
        child = self._children[role.name]
        if process is None or child.pid is None or child.life is Life.DONE:
            self._turn(role, Turn.STOP)
            return
        self._turn(role, Turn.STOP)
        with suppress(ProcessLookupError):
            process.send_signal(role.program.stop_signal)
        hurry = asyncio.create_task(self._hurry.wait())
        ending = asyncio.create_task(_end_of(process))
        await asyncio.wait(
            {hurry, ending},
            timeout=role.program.stop_seconds,
            return_when=asyncio.FIRST_COMPLETED,
        )
        hurry.cancel()
        if not ending.done():
            log.warning("child.killed", child=role.name)
            process.kill()
        code = await ending
        self._sweep(role)
        self._set(self._children[role.name].stopped(code, self._clock.now()))

    def _sweep(self, role: Role) -> None:
        """End what a dead child left in its process group (a Celery pool, say)."""
        process = self._processes.pop(role.name, None)
        if process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)

    def _turn(self, role: Role, turn: Turn) -> None:
        self._set(self._children[role.name].turn(turn, self._clock.now()))

    def _set(self, child: Child) -> None:
        self._children[child.name] = child
        self._write()

    def _write(self, *, stopped: bool = False) -> None:
        me = os.getpid()
        ledger.write(
            self._data_dir,
            pid=me,
            born=born(me) or 0.0,
            marker=self._marker,
            stopped=stopped,
            children=self._children.values(),
        )

    def _log_of(self, name: str) -> IO[bytes]:
        path = self._logs / f"{name}.log"
        if path.exists() and path.stat().st_size > LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return path.open("ab")

    def tail(self, name: str, lines: int = 15) -> str:
        """The last lines of a child's log."""
        text = (self._logs / f"{name}.log").read_text(errors="replace")
        return "\n".join(text.splitlines()[-lines:])


def _marked(program: Program, marker: str) -> Program:
    return replace(program, environ={**program.environ, MARKER: marker})


async def _set(event: asyncio.Event) -> None:
    await event.wait()


async def _end_of(process: "subprocess.Popen[bytes]") -> int:
    while (code := process.poll()) is None:  # noqa: ASYNC110  (works on every platform)
        await asyncio.sleep(POLL_S)
    return code
