"""One agent at a time on one buffer: two would give the same numbers to different seconds."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import structlog

log = structlog.get_logger()


class BufferInUse(OSError):
    """Another process has the buffer."""


def hold(buffer: Path) -> int | None:
    """Take the buffer for this process; what ends the process, kill -9 too, gives it back.

    Returns:
        A descriptor; closing it gives the buffer back. None where the disk does not even take
        the lock's file: then nobody can write there, and recording goes on in memory.

    Raises:
        BufferInUse: another process has it.
    """
    try:
        file = os.open(buffer.with_name(buffer.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        log.error("agent.no_lock", error=str(error))
        return None
    try:
        _lock(file)
    except OSError as error:
        os.close(file)
        raise BufferInUse(
            f"another agent uses {buffer}: stop it, or give this one another `buffer`"
        ) from error
    return file


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
