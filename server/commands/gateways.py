"""`yunshang gateway --drain`: ask the gateways of this port on this host to leave gently."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import psutil

from server.settings import Settings

WAIT_S: Final = 60.0
LOOK_S: Final = 0.1


@contextmanager
def listed(settings: Settings) -> Iterator[None]:
    """Be found by `drain` as long as the block lasts."""
    mark = _place(settings) / str(os.getpid())
    with suppress(OSError):
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text(repr(psutil.Process().create_time()))
    try:
        yield
    finally:
        with suppress(OSError):
            mark.unlink()


def drain(settings: Settings, wait_s: float = WAIT_S) -> int:
    """Drain the running gateways, all but the youngest where several run; how many left.

    Where a newer one listens beside them, connections move to it. Where none does, the supervisor
    starts one; until then senders buffer.
    """
    running = _running(settings)
    leaving = running[:-1] if len(running) > 1 else running
    for process in leaving:
        process.send_signal(signal.SIGUSR1)
    deadline = time.monotonic() + wait_s
    while alive := [process for process in leaving if _lives(process)]:
        if time.monotonic() > deadline:
            pids = ", ".join(str(process.pid) for process in alive)
            raise TimeoutError(f"still running after {wait_s:.0f} s: {pids}")
        time.sleep(LOOK_S)
    return len(leaving)


def _lives(process: psutil.Process) -> bool:
    """Whether it still runs; one whose parent has not taken notice of its end has left."""
    with suppress(psutil.NoSuchProcess):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def _running(settings: Settings) -> list[psutil.Process]:
    """The gateways that listed themselves and live, the oldest first."""
    found = []
    marks = _place(settings).glob("*") if _place(settings).is_dir() else ()
    for mark in marks:
        with suppress(OSError, ValueError, psutil.NoSuchProcess):
            process = psutil.Process(int(mark.name))
            # A number may have gone to another program since.
            if repr(process.create_time()) == mark.read_text():
                found.append(process)
                continue
        with suppress(OSError):
            mark.unlink()
    return sorted(found, key=lambda process: (process.create_time(), process.pid))


def _place(settings: Settings) -> Path:
    return settings.data_dir / "gateways" / str(settings.gateway_port)
