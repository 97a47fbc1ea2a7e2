"""Files that grow sealed: each chunk is encrypted as it comes, and what a crash leaves can be read.

The STREAM construction (Hoang, Reyhanitabar, Rogaway and Vizár, CRYPTO 2015) over AES-256-GCM: a
key of the file's own, derived from its id; the nonce is the chunk's number and whether it is the
last. So no chunk can be left out, moved or put into another file, and a file that was cut off is
told from one that was ended. A file is written by one process, once, and never gone on with.

On disk: `MAGIC`, the file's id (16 bytes), then for each chunk its length (4 bytes, the highest
bit set on the last one) and its sealed bytes.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterator
from io import RawIOBase, UnsupportedOperation
from pathlib import Path
from struct import Struct
from typing import IO, Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kernel.sealing import SealBroken, subkey

MAGIC: Final = b"YSF1"
HEADER: Final = len(MAGIC) + 16
LENGTH: Final = Struct("!I")
LAST: Final = 1 << 31
TAG: Final = 16
MOST: Final = 1 << 24
"""Bytes of one chunk; a longer one is no chunk of ours."""


def _aead(master: bytes, file_id: UUID) -> AESGCM:
    return AESGCM(subkey(master, f"sealed-file/{file_id}"))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


class SealedWriter:
    """Writes one new file (blocking); what `append` was given is durable when it returns."""

    def __init__(self, path: Path, master: bytes, file_id: UUID) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file: IO[bytes] = os.fdopen(descriptor, "wb")
        self._head = MAGIC + file_id.bytes
        self._aead = _aead(master, file_id)
        self._number = 0
        self._file.write(self._head)

    def append(self, content: bytes) -> None:
        """One more chunk."""
        self._chunk(content, last=False)

    def close(self, content: bytes = b"") -> None:
        """The last chunk; nothing follows it."""
        try:
            self._chunk(content, last=True)
        finally:
            self._file.close()

    def abandon(self) -> None:
        """Close without a last chunk, as a crash would: the disk takes no more."""
        self._file.close()

    def _chunk(self, content: bytes, *, last: bool) -> None:
        sealed = self._aead.encrypt(_nonce(self._number, last=last), content, self._head)
        self._number += 1
        self._file.write(LENGTH.pack(len(sealed) | (LAST if last else 0)) + sealed)
        self._file.flush()
        os.fsync(self._file.fileno())


class SealedReader(RawIOBase):
    """The content of such a file, from any place; half a chunk at its end is not there.

    Attributes:
        size: bytes of content.
        whole: whether it was ended, not cut off.
    """

    def __init__(self, path: Path, master: bytes) -> None:
        """Open it.

        Raises:
            SealBroken: it is none of ours.
        """
        super().__init__()
        self._file = path.open("rb")
        self._head = self._file.read(HEADER)
        if len(self._head) != HEADER or not self._head.startswith(MAGIC):
            self._file.close()
            raise SealBroken(path.name)
        self._aead = _aead(master, UUID(bytes=self._head[len(MAGIC) :]))
        self._chunks: list[tuple[int, int]] = []
        self._starts: list[int] = []
        self.size = 0
        self.whole = False
        self._at = 0
        self._opened: tuple[int, bytes] | None = None
        self._measure()

    @property
    def file_id(self) -> UUID:
        """As it was given to the writer."""
        return UUID(bytes=self._head[len(MAGIC) :])

    def _measure(self) -> None:
        end = os.fstat(self._file.fileno()).st_size
        place = HEADER
        while place + LENGTH.size <= end and not self.whole:
            self._file.seek(place)
            (said,) = LENGTH.unpack(self._file.read(LENGTH.size))
            length = said & ~LAST
            if not TAG <= length <= MOST or place + LENGTH.size + length > end:
                return
            self._chunks.append((place + LENGTH.size, length))
            self._starts.append(self.size)
            self.size += length - TAG
            self.whole = bool(said & LAST)
            place += LENGTH.size + length

    def chunk(self, number: int) -> bytes:
        """Chunk `number`, from 0.

        Raises:
            IndexError: there are not so many.
            SealBroken: it was changed, moved, or sealed under another key.
        """
        if self._opened is not None and self._opened[0] == number:
            return self._opened[1]
        place, length = self._chunks[number]
        last = self.whole and number == len(self._chunks) - 1
        self._file.seek(place)
        try:
            nonce = _nonce(number, last=last)
            content = self._aead.decrypt(nonce, self._file.read(length), self._head)
        except InvalidTag as error:
            raise SealBroken(str(self.file_id)) from error
        self._opened = number, content
        return content

    def parts(self, start: int, stop: int) -> Iterator[bytes]:
        """The content from `start` to before `stop`, chunk by chunk."""
        while start < min(stop, self.size):
            number = bisect_right(self._starts, start) - 1
            content = self.chunk(number)[start - self._starts[number] : stop - self._starts[number]]
            yield content
            start += len(content)

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: object) -> int:
        """As the standard library says."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        content = next(self.parts(self._at, self._at + len(view)), b"")
        view[: len(content)] = content
        self._at += len(content)
        return len(content)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As the standard library says."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}.get(whence)
        if base is None:
            raise UnsupportedOperation
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """As the standard library says."""
        return self._at

    def close(self) -> None:
        """Give the file back."""
        if not self.closed:
            self._file.close()
        super().close()
