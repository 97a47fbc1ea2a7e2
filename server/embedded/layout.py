"""Where the embedded services keep files and sockets, and as whom they run."""

import os
import secrets
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from server.supervisor.program import Account, service_account

# sockaddr_un holds 108 bytes on Linux and 104 on macOS, with the file name and a final zero.
SOCKET_DIR_CHARS = 80
SHARED_HOME = Path("/var/lib/yunshang")


@dataclass(frozen=True, slots=True)
class Layout:
    """Directories of one installation's embedded services; `tag` is the installation's id."""

    data_dir: Path
    home: Path
    run_dir: Path
    account: Account | None
    tag: str

    @property
    def postgres_dir(self) -> Path:
        """PostgreSQL's cluster directory."""
        return self.home / "postgres"

    @property
    def valkey_dir(self) -> Path:
        """Valkey's append-only file."""
        return self.home / "valkey"

    @property
    def valkey_socket(self) -> Path:
        """Valkey's unix socket."""
        return self.run_dir / "valkey.sock"

    def postgres_url(self, role: str, database: str = "yunshang") -> str:
        """Connection URL of a role over the unix socket."""
        return f"postgresql://{role}@/{database}?host={self.run_dir}"

    @property
    def valkey_url(self) -> str:
        """Connection URL of Valkey over the unix socket."""
        return f"unix://{self.valkey_socket}"


def prepare_layout(data_dir: Path) -> Layout:
    """Create what is missing and say where everything lies.

    The services live in the data directory. Two exceptions: as root in a place that the
    unprivileged account cannot enter (a clone under /root), they live under /var/lib/yunshang;
    and where the path is too long for a socket, sockets lie in the temporary directory. Both
    are named by an id kept in the data directory, so a new data directory never meets old data.
    """
    data_dir = data_dir.resolve()
    data_dir.mkdir(parents=True, exist_ok=True)
    account = service_account()
    tag = _tag(data_dir)
    home = data_dir
    if account is not None and not _can_enter(account, data_dir):
        home = SHARED_HOME / tag
        home.mkdir(parents=True, exist_ok=True)
    run_dir = home / "run"
    if len(str(run_dir)) > SOCKET_DIR_CHARS:
        run_dir = Path(tempfile.gettempdir()) / f"yunshang-{tag}"
    layout = Layout(data_dir, home, run_dir, account, tag)
    for directory in (run_dir, layout.valkey_dir):
        own_directory(directory, account)
    return layout


def own_directory(directory: Path, account: Account | None) -> None:
    """Make a directory that only the service account (and root) can use.

    Raises:
        PermissionError: it exists already and belongs to somebody else.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if account is not None:
        os.chown(directory, account.uid, account.gid)
    elif directory.stat().st_uid != os.geteuid():
        raise PermissionError(f"{directory} belongs to another user")
    directory.chmod(0o700)


def reachable(account: Account | None, path: Path) -> bool:
    """Whether the account can pass through every directory above `path` and read it."""
    if account is None:
        return os.access(path, os.R_OK)
    return _can_enter(account, path.resolve().parent) and _allowed(account, path, stat.S_IROTH)


def _can_enter(account: Account, directory: Path) -> bool:
    chain = [directory, *directory.parents]
    return all(_allowed(account, step, stat.S_IXOTH) for step in chain)


def _allowed(account: Account, path: Path, for_others: int) -> bool:
    found = path.stat()
    if found.st_uid == account.uid:
        return bool(found.st_mode & for_others << 6)
    if found.st_gid == account.gid:
        return bool(found.st_mode & for_others << 3)
    return bool(found.st_mode & for_others)


def _tag(data_dir: Path) -> str:
    """A short id that lives and dies with the data directory."""
    path = data_dir / "installation"
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        tag = secrets.token_hex(6)
        path.write_text(tag + "\n")
        return tag
