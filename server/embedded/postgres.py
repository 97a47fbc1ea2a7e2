"""A private PostgreSQL: made once, then run as one foreground program."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

import psutil

from server.embedded.binaries import postgres_bin
from server.embedded.layout import Layout, own_directory
from server.settings import CannotGoOn
from server.supervisor.program import Program, spawn

SUPERUSER = "postgres"
SOCKET_NAME = ".s.PGSQL.5432"

# Roles of reliability.md: the app role owns nothing and never bypasses row-level security.
BOOTSTRAP = """
CREATE ROLE yunshang_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
CREATE ROLE yunshang_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
CREATE ROLE yunshang_system LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
CREATE DATABASE yunshang OWNER yunshang_owner;
REVOKE ALL ON DATABASE yunshang FROM PUBLIC;
GRANT CONNECT ON DATABASE yunshang TO yunshang_app, yunshang_system;
"""

CONFIG = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "jit": "off",
    # A transaction left open by a bug must not hold a case's head row for ever.
    "idle_in_transaction_session_timeout": "30s",
    "fsync": "on",
    "synchronous_commit": "on",
}

# For tests only: a crash of the machine may lose everything.
VOLATILE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    # Copies of databases go past the journal, and what is left of it stays small.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    # Tables that nobody has analysed look large enough for helpers, whose start costs more.
    "max_parallel_workers_per_gather": "0",
}


class PostgresFailed(CannotGoOn):
    """The private PostgreSQL could not be made or started."""


def prepare(layout: Layout, *, durable: bool = True) -> None:
    """Make the cluster, the three roles and the database, unless they exist.

    It is made beside its place and moved there complete, so an interrupted first start
    leaves nothing half-made.

    Raises:
        PostgresFailed: initdb refused, or the files were made by another major version.
    """
    programs = postgres_bin(layout.account)
    if layout.postgres_dir.exists():
        _check_version(programs, layout)
        return
    draft = layout.home / "postgres.new"
    shutil.rmtree(draft, ignore_errors=True)
    own_directory(draft, layout.account)
    initdb = [f"{programs}/initdb", f"--pgdata={draft}", f"--username={SUPERUSER}"]
    initdb += ["--encoding=UTF8", "--no-locale", "--auth=trust", "--data-checksums"]
    _run(layout, [*initdb, *([] if durable else ["--no-sync"])])
    # Single-user mode needs no client program, which not every installation has.
    _run(layout, [f"{programs}/postgres", "--single", f"-D{draft}", "postgres"], BOOTSTRAP)
    draft.rename(layout.postgres_dir)


def program(
    layout: Layout, settings: Mapping[str, str] | None = None, *, durable: bool = True
) -> Program:
    """The server as a foreground program; SIGINT is PostgreSQL's fast shutdown."""
    config = CONFIG | ({} if durable else VOLATILE) | dict(settings or {})
    config["unix_socket_directories"] = str(layout.run_dir)
    options = [part for name, value in config.items() for part in ("-c", f"{name}={value}")]
    argv = (f"{postgres_bin(layout.account)}/postgres", "-D", str(layout.postgres_dir), *options)
    return Program(
        "postgres", argv, stop_signal=signal.SIGINT, stop_seconds=30, account=layout.account
    )


def ready(layout: Layout) -> bool:
    """Whether the server answers a start-up packet (not merely listens)."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(2)
            link.connect(str(layout.run_dir / SOCKET_NAME))
            link.sendall(_startup_packet())
            return link.recv(1) == b"R"  # AuthenticationOk; "E" while it is starting up
    except OSError:
        return False


def _startup_packet() -> bytes:
    """StartupMessage of protocol 3.0 (PostgreSQL manual, 'Message Formats')."""
    body = (3 << 16).to_bytes(4, "big")
    for word in ("user", SUPERUSER, "database", "postgres"):
        body += word.encode() + b"\0"
    body += b"\0"
    return (len(body) + 4).to_bytes(4, "big") + body


def _check_version(programs: Path, layout: Layout) -> None:
    made_by = (layout.postgres_dir / "PG_VERSION").read_text().strip()
    words = subprocess.run(
        [f"{programs}/postgres", "--version"], capture_output=True, text=True, check=True
    ).stdout.split()
    if words[2].split(".")[0] != made_by:
        raise PostgresFailed(
            f"{layout.postgres_dir} was made by PostgreSQL {made_by}, but {programs} is "
            f"{words[2]}; run pg_upgrade (docs/operators.md) or use another data directory"
        )


def _run(layout: Layout, argv: list[str], stdin: str = "") -> None:
    """Run one of PostgreSQL's programs to its end as the service account."""
    job = Program(Path(argv[0]).name, tuple(argv), account=layout.account, cwd=layout.run_dir)
    process = spawn(job, stdout=subprocess.PIPE, stdin=subprocess.PIPE)
    output, _ = process.communicate(stdin.encode())
    # Single-user mode reports a failed statement but still ends with 0.
    if process.returncode != 0 or b"ERROR:" in output or b"FATAL:" in output:
        text = output.decode(errors="replace").strip()
        raise PostgresFailed(f"{os.path.basename(argv[0])} failed:\n{text}")


def clear_ground(layout: Layout) -> None:
    """Remove lock files that a dead server left, before a start.

    PostgreSQL refuses to start while the process id in postmaster.pid exists, even when that id
    now belongs to a zombie or to something else. Only call this while holding the directory.

    Raises:
        PostgresFailed: a live PostgreSQL that we did not start uses the directory.
    """
    lock = layout.postgres_dir / "postmaster.pid"
    try:
        pid = int(lock.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return
    if _serves(pid, layout.postgres_dir):
        raise PostgresFailed(f"process {pid} already runs PostgreSQL on {layout.postgres_dir}")
    lock.unlink(missing_ok=True)
    for name in (SOCKET_NAME, f"{SOCKET_NAME}.lock"):
        (layout.run_dir / name).unlink(missing_ok=True)


def _serves(pid: int, directory: Path) -> bool:
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        program = os.path.basename(process.exe())
        return bool(program == "postgres" and process.cwd() == str(directory))
    except (psutil.Error, OSError):
        return False
