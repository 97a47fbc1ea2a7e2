"""The supervisor's state on disk: what the health page shows and the next start cleans up after."""

import fcntl
import json
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from server.settings import CannotGoOn
from server.supervisor.lives import Child

FILE = "processes.json"


class AlreadySupervised(CannotGoOn):
    """Another supervisor holds this data directory."""


class ChildRecord(msgspec.Struct, frozen=True):
    """One child as written."""

    name: str
    state: str
    since: datetime | None
    pid: int | None
    born: float | None
    restarts: int
    last_exit: int | None


class Ledger(msgspec.Struct, frozen=True):
    """The supervisor and its children at one moment."""

    pid: int
    born: float
    marker: str
    stopped: bool
    children: tuple[ChildRecord, ...]


class DirectoryLock:
    """Holds a data directory for one supervisor.

    The lock is on the open directory itself: it leaves no file, and the kernel lets go of it
    when the process ends, however it ends.
    """

    def __init__(self, data_dir: Path) -> None:
        data_dir.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(data_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            holder = read(data_dir)
            whom = f" (process {holder.pid})" if holder else ""
            raise AlreadySupervised(
                f"{data_dir} is in use by another Yunshang{whom}; stop it first or set "
                "YUNSHANG_DATA_DIR to another directory"
            ) from None

    def release(self) -> None:
        """Let the next supervisor in."""
        os.close(self._descriptor)


def record(child: Child) -> ChildRecord:
    """What is written about a child."""
    return ChildRecord(
        child.name,
        str(child.life),
        child.since,
        child.pid,
        child.born,
        child.restarts,
        child.last_exit,
    )


def write(
    data_dir: Path, *, pid: int, born: float, marker: str, stopped: bool, children: Iterable[Child]
) -> None:
    """Replace the file in one step, so that readers never see half of it."""
    ledger = Ledger(pid, born, marker, stopped, tuple(record(child) for child in children))
    draft = data_dir / f"{FILE}.new"
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(ledger)))
    draft.replace(data_dir / FILE)


def read(data_dir: Path) -> Ledger | None:
    """The last written state, or None where no supervisor ever ran (or its file is spoilt)."""
    try:
        return msgspec.json.decode((data_dir / FILE).read_bytes(), type=Ledger)
    except (OSError, msgspec.DecodeError, json.JSONDecodeError):
        return None


def public(ledger: Ledger) -> list[dict[str, Any]]:
    """The children for the health page: without what only the clean-up needs."""
    names = ("name", "state", "since", "pid", "restarts", "last_exit")
    return [{name: getattr(child, name) for name in names} for child in ledger.children]
