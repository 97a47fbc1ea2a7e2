"""The master key of an installation: where it lies and who may read it."""

import os
import secrets
import stat
from pathlib import Path

from server.settings import Settings, SettingsError

KEY_BYTES = 32


def master_key(settings: Settings) -> bytes:
    """Read the 32-byte master key; in a demo, make it on first use (mode 0600).

    Raises:
        SettingsError: the file is missing, open to others or of another length.
    """
    path = settings.key_file
    if settings.demo and not path.exists():
        _create(path)
    try:
        raw = path.read_bytes()
        mode = path.stat().st_mode
    except OSError as error:
        raise SettingsError(f"cannot read the master key {path}: {error.strerror}") from error
    # Reading by the group is how orchestrators hand secrets to non-root containers.
    if mode & (stat.S_IRWXG | stat.S_IRWXO) & ~stat.S_IRGRP:
        raise SettingsError(f"{path} is open to others: chmod 600 {path}")
    return _decode(path, raw)


def _decode(path: Path, raw: bytes) -> bytes:
    if len(raw) == KEY_BYTES:
        return raw
    try:
        key = bytes.fromhex(raw.decode().strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise SettingsError(f"{path} must hold 32 bytes or 64 hex digits: openssl rand -hex 32")
    return key


def _create(path: Path) -> None:
    """Write a new key through a rename: whoever sees the file sees all of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(secrets.token_hex(KEY_BYTES) + "\n")
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was first; its key counts
    finally:
        draft.unlink()
