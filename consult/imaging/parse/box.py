"""The parent's side of reading foreign bytes: hand over, wait, take a typed answer or a refusal."""

import asyncio
import os
import queue
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from consult.imaging.errors import (
    REASONS,
    Broken,
    NotDicom,
    ReaderGone,
    TooLarge,
    TooLong,
    ZipBroken,
)
from consult.imaging.parse.limits import FILE_BYTES, WALL_S
from consult.imaging.parse.summary import Ended, No, Packed, Summary

ROOT = Path(__file__).resolve().parents[3]
PREAMBLE = 128
MAGIC = b"DICM"
ZIPPED = b"PK\x03\x04"
_STARTING_S = 60.0


class Box:
    """A few warm readers; questions beyond them wait. Threads and loops may share one."""

    def __init__(self, readers: int = 2) -> None:
        self._free: queue.Queue[_Reader] = queue.Queue()
        for _ in range(readers):
            self._free.put(_Reader())

    async def summary(self, content: bytes) -> Summary:
        """What the file is.

        Raises:
            Refusal: one of `imaging.*`: it cannot be kept.
        """
        body = await self._ask({"type": "Summarise"}, content)
        return _typed(body)

    async def frames(self, content: bytes, first: int, count: int) -> list[bytes]:
        """PNGs of frame `first` (from 0) and of as many of the next as fit; at least one."""
        body = await self._ask({"type": "Frames", "first": first, "count": count}, content)
        return list(_parts(body))

    async def rendered(self, content: bytes, frame: int, most: int = 0) -> bytes:
        """One frame as a plain PNG in its own window; `most` pixels a side, 0 for all of them."""
        return await self._ask({"type": "Rendered", "frame": frame, "most": most}, content)

    async def metadata(self, content: bytes) -> bytes:
        """DICOM JSON of one instance, checked to be JSON and nothing more."""
        body = await self._ask({"type": "Metadata"}, content)
        msgspec.json.decode(body, type=msgspec.Raw)
        return body

    async def deidentified(self, content: bytes, salt: bytes) -> bytes:
        """The file without who she is."""
        return zero_preamble(await self._ask({"type": "Deidentify", "salt": salt}, content))

    async def listed(self, content: bytes) -> list[Packed]:
        """The files of a zip.

        Raises:
            Refusal: one of `imaging.zip_*`: nobody should open it.
        """
        try:
            body = await self._ask({"type": "List"}, content, zipped=True)
            return msgspec.json.decode(body, type=list[Packed])
        except msgspec.DecodeError as error:
            raise Broken(detail="zip") from error

    async def unpacked(self, content: bytes, n: int) -> bytes:
        """File `n` of a zip."""
        return await self._ask({"type": "Unpack", "n": n}, content, zipped=True)

    async def _ask(
        self, question: dict[str, object], content: bytes, *, zipped: bool = False
    ) -> bytes:
        if len(content) > FILE_BYTES:
            raise TooLarge(limit_mb=FILE_BYTES // 10**6)
        if zipped and not content.startswith(ZIPPED):
            raise ZipBroken()
        if not zipped and content[PREAMBLE : PREAMBLE + 4] != MAGIC:
            raise NotDicom()
        return await asyncio.to_thread(self._wait, msgspec.msgpack.encode(question), content)

    def _wait(self, question: bytes, content: bytes) -> bytes:
        reader = self._free.get()
        try:
            return reader.ask(question, content)
        finally:
            self._free.put(reader)

    def close(self) -> None:
        """End the readers that are free."""
        while True:
            try:
                self._free.get_nowait().stop()
            except queue.Empty:
                return


def zero_preamble(content: bytes) -> bytes:
    """The first 128 bytes emptied: they may hold a program or a page (CVE-2019-11687)."""
    if content[PREAMBLE : PREAMBLE + 4] != MAGIC:
        raise NotDicom()
    return b"\0" * PREAMBLE + content[PREAMBLE:]


class _Reader:
    """One warm process, started when it is first needed and again when it died."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._lock = threading.Lock()

    def ask(self, question: bytes, content: bytes) -> bytes:
        with self._lock, _memory("file") as source, _memory("answer") as target:
            _fill(source, content)
            try:
                ended = self._sent(question, source, target)
            except (OSError, msgspec.DecodeError) as error:
                self.stop()
                raise ReaderGone() from error
            if ended.late or ended.killed in (signal.SIGXCPU, signal.SIGALRM):
                raise TooLong()
            if ended.killed or ended.exit:
                raise Broken(detail=f"signal {ended.killed}")
            return _answered(target)

    def _sent(self, question: bytes, source: int, target: int) -> Ended:
        line = self._started()
        line.settimeout(WALL_S + 10)
        socket.send_fds(line, [question], [source, target])
        said = line.recv(4096)
        if not said:
            raise OSError("the reader is gone")
        return msgspec.json.decode(said, type=Ended)

    def _started(self) -> socket.socket:
        if self._process is not None and self._line is not None and self._process.poll() is None:
            return self._line
        self.stop()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "consult.imaging.parse.warm", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"},
            )
        self._line = ours
        ours.settimeout(_STARTING_S)
        if ours.recv(16) != b"ready":
            raise OSError("the reader did not start")
        return ours

    def stop(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def _memory(name: str) -> Iterator[int]:
    """A file that never touches a disk."""
    fd = os.memfd_create(name)
    try:
        yield fd
    finally:
        os.close(fd)


def _fill(fd: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(fd, view) :]
    os.lseek(fd, 0, os.SEEK_SET)


def _answered(fd: int) -> bytes:
    size = os.fstat(fd).st_size
    body = os.pread(fd, size, 0)
    if body[:1] == b"Y":
        return body[1:]
    try:
        no = msgspec.json.decode(body[1:], type=No)
    except msgspec.DecodeError as error:
        raise Broken(detail="") from error
    raise REASONS.get(no.code, Broken)(detail=no.detail)


def _typed(body: bytes) -> Summary:
    try:
        return msgspec.json.decode(body, type=Summary)
    except msgspec.DecodeError as error:
        raise Broken(detail="summary") from error


def _parts(body: bytes) -> Iterator[bytes]:
    at = 0
    while at + 4 <= len(body):
        (size,) = struct.unpack_from("<I", body, at)
        yield body[at + 4 : at + 4 + size]
        at += 4 + size
