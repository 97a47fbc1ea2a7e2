"""Files at rest: unreadable without the key, in full or not at all, each in its own place."""

from hashlib import sha256
from pathlib import Path

import pytest

from kernel.blobs import BlobLost, BlobStore
from kernel.sealing import Sealer

SECRET = b"a paper record with a name on it " * 40
SEALER = Sealer(b"a test installation's master key")


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "attachments", SEALER, max_bytes=1_000_000)


def _files(store: BlobStore) -> list[Path]:
    return [path for path in store.place(b"x" * 32).parent.parent.rglob("*") if path.is_file()]


def test_what_was_put_is_got_and_stored_once(store: BlobStore) -> None:
    digest = store.put(SECRET)
    assert digest == sha256(SECRET).digest()
    assert store.put(SECRET) == digest
    assert store.get(digest) == SECRET
    assert len(_files(store)) == 1


def test_the_folder_tells_nothing(store: BlobStore) -> None:
    digest = store.put(SECRET)
    (file,) = _files(store)
    assert SECRET[:20] not in file.read_bytes()
    assert digest.hex() not in str(file)
    assert file.stat().st_mode & 0o077 == 0


def test_what_was_changed_moved_or_lost_is_said_to_be_lost(store: BlobStore) -> None:
    first, second = store.put(SECRET), store.put(b"another")
    place = store.place(first)
    good = place.read_bytes()
    place.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    with pytest.raises(BlobLost):
        store.get(first)
    place.write_bytes(store.place(second).read_bytes())
    with pytest.raises(BlobLost):
        store.get(first)
    place.unlink()
    with pytest.raises(BlobLost):
        store.get(first)


def test_another_key_opens_nothing(store: BlobStore, tmp_path: Path) -> None:
    digest = store.put(SECRET)
    other = BlobStore(tmp_path / "attachments", Sealer(b"k" * 32), max_bytes=1)
    with pytest.raises(BlobLost):
        other.get(digest)
