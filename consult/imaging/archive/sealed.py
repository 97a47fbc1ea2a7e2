"""The default: files lie sealed beside attachments, named by a keyed hash."""

from kernel.blobs import BlobStore


class SealedFolder:
    """The folder of sealed files as an archive; UIDs play no part in it."""

    def __init__(self, store: BlobStore) -> None:
        self._store = store

    def put(self, sop_uid: str, content: bytes) -> bytes:
        """See `Archive`."""
        return self._store.put(content)

    def get(self, sop_uid: str, digest: bytes) -> bytes:
        """See `Archive`."""
        return self._store.get(digest)
