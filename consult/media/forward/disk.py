"""Files that a worker writes: in a thread of their own, so that a slow disk holds up no call."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Final

import structlog

from consult.media.recording.shelf import Label, Shelf
from kernel.sealed_files import SealedWriter

log = structlog.get_logger()

MOST_WAITING: Final = 64 * 1024 * 1024
"""Bytes that wait for the disk; with more it is taken for broken."""


class Sheet:
    """One file on its way to the disk. `broken` once anything of it could not be written."""

    def __init__(self, pool: ThreadPoolExecutor, shelf: Shelf, label: Label) -> None:
        self.broken = False
        self._pool = pool
        self._writer: SealedWriter | None = None
        self._waiting = 0
        self._lock = Lock()

        def begin() -> None:
            self._writer = shelf.begin(label)

        self._do(begin, 0)

    def append(self, content: bytes) -> None:
        """More of it."""
        self._do(lambda: self._open.append(content), len(content))

    def close(self, content: bytes) -> None:
        """The last of it."""
        self._do(lambda: self._open.close(content), len(content))

    @property
    def _open(self) -> SealedWriter:
        if self._writer is None:
            raise OSError("the file was never begun")
        return self._writer

    def _do(self, work: Callable[[], None], size: int) -> None:
        if self.broken:
            return
        with self._lock:
            self._waiting += size
            if self._waiting > MOST_WAITING:
                self.broken = True
        self._pool.submit(self._done, work, size)

    def _done(self, work: Callable[[], None], size: int) -> None:
        try:
            if not self.broken:
                work()
        except OSError as error:
            self.broken = True
            if self._writer is not None:
                self._writer.abandon()
            log.error("media.recording_failed", error=type(error).__name__, errno=error.errno)
        finally:
            with self._lock:
                self._waiting -= size


class Disk:
    """Begins files; `close` waits until all is written."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._pool = ThreadPoolExecutor(1, "recordings")

    def begin(self, label: Label) -> Sheet:
        """A new file."""
        return Sheet(self._pool, self._shelf, label)

    def close(self) -> None:
        """Blocking."""
        self._pool.shutdown()
