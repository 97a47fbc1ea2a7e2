"""Files at rest: sealed, found by what they hold, written once and never changed.

A file's name is a keyed hash of its content's SHA-256, so that the folder tells nobody whether a
picture they hold is in it; its bytes are sealed under that content's hash, so that one file cannot
be put in another's place. A file is there in full or not at all (written beside, flushed, renamed).
One that no row names (its transaction failed) is harmless and is met again by the next try.
"""

import os
from hashlib import sha256
from pathlib import Path

from kernel.ids import new_id
from kernel.sealing import SealBroken, Sealer

FIELD = "blob"


class BlobLost(Exception):
    """The bytes are missing, or are not those that were stored."""


class BlobStore:
    """One folder of sealed files.

    Attributes:
        max_bytes: the largest content that callers should accept.
    """

    def __init__(self, root: Path, sealer: Sealer, *, max_bytes: int) -> None:
        self._root = root
        self._sealer = sealer
        self.max_bytes = max_bytes

    def put(self, content: bytes) -> bytes:
        """Store `content` (blocking, durable when this returns) and return its SHA-256."""
        digest = sha256(content).digest()
        place = self.place(digest)
        if place.exists():
            return digest
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = place.parent / f".{new_id()}"
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(self._sealer.seal_bytes(content, f"{FIELD}:{digest.hex()}"))
                file.flush()
                os.fsync(file.fileno())
            beside.replace(place)
        finally:
            beside.unlink(missing_ok=True)
        _flush_folder(place.parent)
        return digest

    def get(self, digest: bytes) -> bytes:
        """The content with this SHA-256 (blocking).

        Raises:
            BlobLost: missing, changed, or sealed under another key.
        """
        try:
            sealed = self.place(digest).read_bytes()
            content = self._sealer.open_bytes(sealed, f"{FIELD}:{digest.hex()}")
        except (OSError, SealBroken) as error:
            raise BlobLost(digest.hex()) from error
        if sha256(content).digest() != digest:
            raise BlobLost(digest.hex())
        return content

    def place(self, digest: bytes) -> Path:
        """Where the content with this SHA-256 lies."""
        name = self._sealer.blind_index(digest.hex(), FIELD).hex()
        return self._root / name[:2] / name[2:]


def _flush_folder(folder: Path) -> None:
    """Make the new name durable, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
