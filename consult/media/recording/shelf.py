"""Where recordings lie: a folder per recording, a sealed file per source and spell.

A file's first chunk says what it is of; the rest is Matroska. Files are the truth of what was
recorded: whoever lists a recording looks here, whatever a worker said or could not say any more.
The folder is the same for all media workers, `engine` and `serve`.
"""

from __future__ import annotations

import hashlib
import shutil
from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import IO, Any, Final, cast
from uuid import UUID

import av
import msgspec

from consult.media.engine import Source
from consult.media.recording.seeking import Plan, Span, Unseekable, plan
from kernel.ids import new_id
from kernel.sealed_files import SealedReader, SealedWriter
from kernel.sealing import SealBroken

SUFFIX: Final = ".ysr"
PLANS: Final = 256
"""How many files' heads are kept in mind, some tens of kilobytes for each hour of one."""


class Label(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a file is of; `began_at` is the moment of its first frame."""

    recording: UUID
    participant: UUID
    source: Source
    began_at: datetime


class Part(msgspec.Struct, frozen=True):
    """A file as it lies there."""

    id: UUID
    label: Label
    length_ms: int
    frames: int
    size: int
    """Bytes of the Matroska."""
    whole: bool
    """It was ended; false for one that a crash cut off."""
    sha256: bytes
    """Of the sealed file."""


class PartLost(Exception):
    """The file is missing, or is not what was written."""


class Shelf:
    """The folder of recordings."""

    def __init__(self, root: Path, master: bytes) -> None:
        self._root = root
        self._master = master
        self._plans: OrderedDict[UUID, Plan] = OrderedDict()
        self._planning = Lock()

    def begin(self, label: Label) -> SealedWriter:
        """A new file (blocking)."""
        part_id = UUID(int=new_id().int)
        writer = SealedWriter(self._place(label.recording, part_id), self._master, part_id)
        writer.append(msgspec.json.encode(label))
        return writer

    def parts(self, recording_id: UUID) -> list[Part]:
        """All files of a recording in which there is a frame (blocking; reads all of them)."""
        found = (self._part(place) for place in self._files(recording_id))
        return sorted(
            (part for part in found if part is not None),
            key=lambda part: (part.label.began_at, part.id),
        )

    def content(self, recording_id: UUID, part_id: UUID) -> Content:
        """The Matroska of one file.

        Raises:
            PartLost: missing, or not what was written.
        """
        try:
            return Content(SealedReader(self._place(recording_id, part_id), self._master))
        except (OSError, SealBroken, IndexError) as error:
            raise PartLost from error

    def playable(self, recording_id: UUID, part_id: UUID) -> Played:
        """One file with its length and the places to seek to (blocking; the first time, reads it).

        Raises:
            PartLost: missing, or not what was written.
        """
        content = self.content(recording_id, part_id)
        try:
            return Played(content, self._plan(content, part_id))
        except SealBroken as error:
            content.close()
            raise PartLost from error

    def _plan(self, content: Content, part_id: UUID) -> Plan:
        # A player asks for several stretches of a file at once; it is walked through for one.
        with self._planning:
            found = self._plans.get(part_id)
            if found is None:
                try:
                    found = plan(content)
                except Unseekable:
                    found = Plan((Span(0, content.size),), 0)
                self._plans[part_id] = found
                if len(self._plans) > PLANS:
                    self._plans.popitem(last=False)
            self._plans.move_to_end(part_id)
            return found

    def erase(self, recording_id: UUID) -> None:
        """Nothing of a recording is there any more."""
        shutil.rmtree(self._root / str(recording_id), ignore_errors=True)

    def _place(self, recording_id: UUID, part_id: UUID) -> Path:
        return self._root / str(recording_id) / f"{part_id}{SUFFIX}"

    def _files(self, recording_id: UUID) -> list[Path]:
        return sorted((self._root / str(recording_id)).glob(f"*{SUFFIX}"))

    def _part(self, place: Path) -> Part | None:
        try:
            with SealedReader(place, self._master) as reader:
                content = Content(reader)
                frames, length_ms = _measured(content)
                if not frames:
                    return None
                return Part(
                    reader.file_id,
                    content.label,
                    length_ms,
                    frames,
                    content.size,
                    reader.whole,
                    _sha256(place),
                )
        except (SealBroken, IndexError, av.error.FFmpegError):
            # Cut off before its first frame, or touched: there is nothing in it to show.
            return None


class Content:
    """A file's Matroska, without its label; read like a file."""

    def __init__(self, reader: SealedReader) -> None:
        label = reader.chunk(0)
        self.label = msgspec.json.decode(label, type=Label)
        self.size = reader.size - len(label)
        self._skip = len(label)
        self._reader = reader
        self._at = 0

    def at(self, start: int, stop: int) -> bytes:
        """From `start` to before `stop`, fewer at the end."""
        return b"".join(self.parts(start, stop))

    def parts(self, start: int, stop: int) -> Iterator[bytes]:
        """The same, piece by piece."""
        return self._reader.parts(start + self._skip, stop + self._skip)

    def close(self) -> None:
        """Give the file back."""
        self._reader.close()

    def read(self, size: int = -1) -> bytes:
        """As of a file."""
        found = self.at(self._at, self.size if size < 0 else self._at + size)
        self._at += len(found)
        return found


class Played:
    """A file as it is given to a player; see `seeking`."""

    def __init__(self, content: Content, plan: Plan) -> None:
        self.size = plan.size
        self._content = content
        self._plan = plan

    def parts(self, start: int, stop: int) -> Iterator[bytes]:
        """From `start` to before `stop`; gives the file back behind it."""
        try:
            for piece in self._plan.spans(start, stop):
                if isinstance(piece, bytes):
                    yield piece
                else:
                    yield from self._content.parts(piece.start, piece.stop)
        finally:
            self._content.close()

    def close(self) -> None:
        """Give the file back."""
        self._content.close()


def _measured(content: Content) -> tuple[int, int]:
    """How many frames, and how many milliseconds from the first to the last."""
    frames = length_ms = 0
    with av.open(cast(IO[Any], content), "r", format="matroska") as container:
        for packet in container.demux():
            if packet.pts is not None and packet.time_base is not None:
                frames += 1
                length_ms = max(length_ms, int(packet.pts * packet.time_base * 1000))
    return frames, length_ms


def _sha256(place: Path) -> bytes:
    with place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
