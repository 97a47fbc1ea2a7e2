"""Ends processes that a killed supervisor left behind.

A process is ours only if its id *and* start time were written down, or if it carries the
installation's marker in its environment. Names decide nothing: another installation on the same
machine runs programs of the same name.
"""

import os
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress

import psutil

from server.supervisor.ledger import Ledger

MARKER = "SUPERVISED_INSTALLATION"
GRACE_S = 3.0
DATABASE_GRACE_S = 15.0


def born(pid: int) -> float | None:
    """Start time of a process in seconds since the epoch, or None if it is gone."""
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return None


def find(ledger: Ledger | None, marker: str) -> list[psutil.Process]:
    """Live processes of an earlier supervisor of this installation."""
    found = {process.pid: process for process in _marked(marker)}
    if ledger is not None:
        for child in ledger.children:
            if child.pid is not None and child.born is not None:
                process = _same(child.pid, child.born)
                if process is not None:
                    found[process.pid] = process
    return list(found.values())


def end(processes: Iterable[psutil.Process]) -> int:
    """Ask them to end, wait, then insist. Returns how many there were."""
    remaining = list(processes)
    count = len(remaining)
    for process in remaining:
        with suppress(psutil.Error):
            process.send_signal(_polite(process))
    deadline = time.monotonic() + GRACE_S
    _, remaining = psutil.wait_procs(remaining, timeout=GRACE_S)
    databases = [process for process in remaining if _is_postgres(process)]
    for process in remaining:
        if process not in databases:
            with suppress(psutil.Error):
                process.kill()
    # A killed PostgreSQL recovers, but an orderly end is faster for the next start.
    wait = max(0.1, deadline + DATABASE_GRACE_S - time.monotonic()) if databases else 1.0
    _, remaining = psutil.wait_procs(remaining, timeout=wait)
    for process in remaining:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(remaining, timeout=2.0)
    return count


def _marked(marker: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        if process.pid == os.getpid():
            continue
        with suppress(psutil.Error, OSError):
            if process.environ().get(MARKER) == marker and _alive(process):
                yield process


def _same(pid: int, start: float) -> psutil.Process | None:
    try:
        process = psutil.Process(pid)
        # Clock ticks of 10 ms, rounded differently by kernels.
        return process if abs(process.create_time() - start) < 0.05 and _alive(process) else None
    except psutil.Error:
        return None


def _alive(process: psutil.Process) -> bool:
    return bool(process.status() != psutil.STATUS_ZOMBIE)


def _polite(process: psutil.Process) -> signal.Signals:
    # SIGINT is PostgreSQL's fast shutdown; its SIGTERM would wait for every client.
    return signal.SIGINT if _is_postgres(process) else signal.SIGTERM


def _is_postgres(process: psutil.Process) -> bool:
    try:
        return bool(os.path.basename(process.exe()) == "postgres")
    except (psutil.Error, OSError):
        return False
