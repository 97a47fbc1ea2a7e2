"""What every archive promises; `tests/consult/imaging/archive` holds each of them to it."""

from typing import Protocol, runtime_checkable

from kernel.errors import Refusal


class ArchiveAway(Refusal):
    """The archive does not answer."""

    code = "imaging.archive_away"
    status = 503


@runtime_checkable  # Litestar checks what it injects
class Archive(Protocol):
    """Keeps files byte for byte, by what they hold. Calls block; several threads may make them."""

    def put(self, sop_uid: str, content: bytes) -> bytes:
        """Keep `content`, whose SOP instance UID is `sop_uid`, and return its SHA-256.

        Durable when this returns. The same again is the same; another file under the same UID
        takes nothing's place.
        """
        ...

    def get(self, sop_uid: str, digest: bytes) -> bytes:
        """The content with this SHA-256.

        Raises:
            BlobLost: missing, or not what was kept.
            ArchiveAway: it does not answer; ask again.
        """
        ...
