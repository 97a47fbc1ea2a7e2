"""Both services as one thing with a start and an end, for tests and one-off commands.

The demo does not use this: its supervisor watches the two programs one by one.
"""

import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from server.embedded import postgres, valkey
from server.embedded.layout import Layout, prepare_layout
from server.supervisor.program import Program, spawn

START_SECONDS = 30.0


class EmbeddedServices:
    """PostgreSQL and Valkey that live as long as a `with` block."""

    def __init__(
        self,
        data_dir: Path,
        *,
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """Make the directory.

        Args:
            data_dir: everything lies there.
            durable: whether a crash of the machine may lose nothing.
            settings: of PostgreSQL, instead of ours for a small demo.
        """
        self.layout: Layout = prepare_layout(data_dir)
        self._durable = durable
        self._settings = settings
        self._running: list[tuple[Program, subprocess.Popen[bytes]]] = []
        self._log: IO[bytes] | None = None

    def __enter__(self) -> Self:
        """Start both and wait until they answer.

        Raises:
            TimeoutError: one did not answer in time; its log is in services.log.
        """
        layout = self.layout
        self._log = (layout.data_dir / "services.log").open("ab")
        try:
            postgres.prepare(layout, durable=self._durable)
            self._start(postgres.program(layout, self._settings, durable=self._durable))
            self._start(valkey.program(layout))
            self._await("postgres", lambda: postgres.ready(layout))
            self._await("valkey", lambda: valkey.ready(layout))
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop both in order: Valkey, then PostgreSQL."""
        while self._running:
            wanted, process = self._running.pop()
            process.send_signal(wanted.stop_signal)
            try:
                process.wait(wanted.stop_seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._log is not None:
            self._log.close()
            self._log = None

    def pid(self, name: str) -> int:
        """Process id of a running service, for tests that end it without warning."""
        return next(process.pid for wanted, process in self._running if wanted.name == name)

    def restart(self, name: str) -> None:
        """Start a service again after its end, whatever ended it."""
        for index, (wanted, process) in enumerate(self._running):
            if wanted.name == name:
                process.wait(wanted.stop_seconds)
                self._running[index] = (wanted, spawn(wanted, stdout=self._log))
        check = postgres.ready if name == "postgres" else valkey.ready
        self._await(name, lambda: check(self.layout))

    def _start(self, wanted: Program) -> None:
        self._running.append((wanted, spawn(wanted, stdout=self._log)))

    def _await(self, name: str, answers: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_SECONDS
        process = next(running for wanted, running in self._running if wanted.name == name)
        while not answers():
            if process.poll() is not None:
                raise TimeoutError(f"{name} ended at once ({process.returncode}); {self._tail()}")
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"{name} did not answer in {START_SECONDS:.0f} s; {self._tail()}"
                )
            time.sleep(0.05)

    def _tail(self) -> str:
        text = (self.layout.data_dir / "services.log").read_text(errors="replace")
        return "its last words:\n" + "\n".join(text.splitlines()[-10:])
