"""A program as the supervisor starts it: command line, account, and how it dies."""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1  # linux/prctl.h

# Loaded once, before any fork: a forked child must not import or allocate much.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the operating system that a program runs as."""

    name: str
    uid: int
    gid: int
    home: Path


@dataclass(frozen=True, slots=True)
class Program:
    """What to start.

    `stop_signal` asks for an orderly end and is also what the kernel sends when the parent
    dies without a word. `account` None means the caller's own.
    """

    name: str
    argv: tuple[str, ...]
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 12.0
    account: Account | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None


def service_account() -> Account | None:
    """Whom to run database servers as: None when we are not root already.

    PostgreSQL refuses root, so root borrows the first account of this list that exists.
    """
    if os.geteuid() != 0:
        return None
    for name in ("yunshang", "postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid, Path(entry.pw_dir))
    raise RuntimeError("no unprivileged account: useradd --system yunshang, or do not run as root")


def spawn(
    program: Program,
    stdout: "IO[bytes] | int | None" = None,
    stdin: "IO[bytes] | int | None" = None,
) -> "subprocess.Popen[bytes]":
    """Start a program in a process group of its own, tied to the life of this thread."""
    account = program.account
    return subprocess.Popen(
        program.argv,
        stdin=subprocess.DEVNULL if stdin is None else stdin,
        stdout=stdout,
        stderr=subprocess.STDOUT if stdout is not None else None,
        cwd=program.cwd,
        env={**_clean(os.environ), **program.environ},
        process_group=0,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        preexec_fn=_die_with(os.getpid(), program.stop_signal),
    )


def _clean(environ: Mapping[str, str]) -> dict[str, str]:
    """Drop what would change how a database server reads its directory."""
    return {name: value for name, value in environ.items() if not name.startswith("PG")}


def _die_with(parent: int, with_signal: signal.Signals) -> Callable[[], None] | None:
    """Ask Linux to signal the child when its parent is gone.

    Runs in the child after the change of account, because that change clears the wish.
    """
    libc = _LIBC
    if libc is None:
        return None

    def wish() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(with_signal), 0, 0, 0)
        if os.getppid() != parent:  # it died between fork and wish
            os._exit(1)

    return wish
