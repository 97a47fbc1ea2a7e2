"""What processes use: CPU of whole trees to the nanosecond, memory, and what the kernel holds."""

from __future__ import annotations

import contextlib
import os
import resource
from collections.abc import Iterable
from pathlib import Path

import psutil

TICK_NS = 10**9 // os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """A process and all that descend from it."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    return []


def keeper_of(pid: int) -> int | None:
    """The gateway's child that folds and archives."""
    for child in psutil.Process(pid).children():
        if "keeper" in child.cmdline():
            return child.pid
    return None


def cpu_ns(pid: int) -> int:
    """CPU time of a tree, in ns: of every live thread, and of the children that have ended.

    A child that ends between two readings is in the first as itself and in the second as its
    parent's ended child, so differences stay right (to one tick for each such child).
    """
    return sum(_cpu_ns(one) for one in tree(pid))


def _cpu_ns(pid: int) -> int:
    spent = 0
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                spent += int((task / "schedstat").read_text().split()[0])
        ended = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[13:15]
        spent += sum(map(int, ended)) * TICK_NS
    return spent


def pss_kib(pid: int) -> int:
    """Proportional memory of a tree, KiB."""
    return sum(map(own_pss_kib, tree(pid)))


def own_pss_kib(pid: int) -> int:
    """Proportional memory of one process without those it began, KiB."""
    return _field(f"/proc/{pid}/smaps_rollup", "Pss:")


def slab_kib() -> int:
    """What the kernel holds for sockets and the like, KiB, of the whole machine."""
    return _field("/proc/meminfo", "Slab:")


def _field(path: str, name: str) -> int:
    with contextlib.suppress(OSError):
        for line in Path(path).read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1])
    return 0


def raise_descriptors(wanted: int) -> int:
    """Let this process and its children open as many files as they need; return how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    best = wanted if hard == resource.RLIM_INFINITY else max(soft, min(wanted, hard))
    resource.setrlimit(resource.RLIMIT_NOFILE, (best, hard))
    return best


def spent_us(before: Iterable[int], after: Iterable[int], samples: int) -> list[float]:
    """Microseconds per sample of each tree."""
    return [round((b - a) / 1000 / samples, 2) for a, b in zip(before, after, strict=True)]
