"""One source of one participant while it is recorded: packets to frames to a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from consult.media.engine import Kind, Layer
from consult.media.forward.disk import Sheet
from consult.media.forward.inbound import CLOCK_RATE, Publication, Stream
from consult.media.forward.packets import Packet
from consult.media.forward.wrap import TIME, apart
from consult.media.recording.frames import Frame, PictureFrames, SoundFrames
from consult.media.recording.matroska import Matroska

GIVE_S: Final = 1.0
"""So often what came is given to the disk: a crash loses no more than this and a cluster."""
KEY_EVERY_S: Final = 10.0
"""A key frame is asked for so often: whoever looks later begins at one, wherever they want to."""
BELIEVED_S: Final = 1.0
"""A sender's clock that is further from what we hear is not believed."""
DRAWN_IN: Final = 0.005
"""A sound card's clock leaves the wall clock; the record follows by this share, heard by nobody."""

Begin = Callable[[float], Sheet]
"""A file whose first frame is of this moment, seconds of a steady clock."""


class Tape:
    """Takes packets from a publication until it is closed.

    The best layer that comes is taken, changed at a key frame. Times are the sender's own, put
    where its reports say, so that sound and picture of one person stay together: at once when it
    first reports, by and by afterwards.
    """

    def __init__(self, publication: Publication, begin: Begin) -> None:
        self.publication = publication
        self._begin = begin
        self._kind = publication.source.kind
        self._stream: Stream | None = None
        self._pictures = PictureFrames()
        self._sounds = SoundFrames()
        self._anchor: tuple[float, int] = (0.0, 0)
        self._told = False
        self._began_at = 0.0
        self._given_at = 0.0
        self._key_at = 0.0
        self._failed = False
        self._file: Matroska | None = None
        self._sheet: Sheet | None = None
        publication.tap = self.take

    @property
    def broken(self) -> bool:
        """Nothing more of it can be written."""
        return self._failed or (self._sheet is not None and self._sheet.broken)

    def take(self, stream: Stream, packet: Packet, at: float) -> None:
        """One packet of any layer."""
        try:
            self._take(stream, packet, at)
        except Exception:
            self._failed = True
            raise

    def _take(self, stream: Stream, packet: Packet, at: float) -> None:
        if stream is not self._stream and not self._switched(stream, packet, at):
            return
        if self._kind is Kind.AUDIO:
            frames = self._sounds.take(packet)
        else:
            frames = self._pictures.take(packet, at)
            late = at - self._key_at > KEY_EVERY_S
            if packet.head.keyframe or late:
                self._key_at = at
            if self._pictures.needs_keyframe or late:
                stream.picture.ask()
        for frame in frames:
            self._put(frame)

    def tick(self, at: float) -> None:
        """Give what came to the disk; call every second or oftener."""
        if self._sheet is not None and self._file is not None and at - self._given_at >= GIVE_S:
            self._given_at = at
            if ready := self._file.take():
                self._sheet.append(ready)

    def close(self) -> None:
        """Nothing more of it is taken; what came is written."""
        self.publication.tap = None
        for frame in self._sounds.rest():
            self._put(frame)
        if self._sheet is not None and self._file is not None:
            self._sheet.close(self._file.close())
        self._sheet = self._file = None

    def _switched(self, stream: Stream, packet: Packet, at: float) -> bool:
        """Whether `stream` is recorded from this packet on."""
        if self._kind is Kind.VIDEO:
            if stream is not self.publication.best(Layer.HIGH, at):
                return False
            if not packet.head.keyframe:
                stream.picture.ask()
                return False
        for frame in self._sounds.rest():
            self._put(frame)
        self._stream = stream
        self._pictures, self._sounds = PictureFrames(), SoundFrames()
        self._anchor, self._told = (at, packet.timestamp), False
        return True

    def _moment(self, frame: Frame) -> float:
        """When a frame was made, by our steady clock."""
        at, timestamp = self._anchor
        passed = apart(frame.timestamp, timestamp, TIME) / CLOCK_RATE[self._kind]
        at += passed
        made = None if self._stream is None else self._stream.reception.made_at(frame.timestamp)
        if made is None or abs(made - at) > BELIEVED_S:
            return at
        if not self._told:
            self._told = True
            return made
        most = abs(passed) * DRAWN_IN
        return at + max(-most, min(most, made - at))

    def _put(self, frame: Frame) -> None:
        at = self._moment(frame)
        self._anchor = at, frame.timestamp
        if self._file is None:
            self._began_at = self._given_at = at
            self._file = Matroska(self._kind, frame.size)
            self._sheet = self._begin(at)
        self._file.put(frame, max(0, round((at - self._began_at) * 1000)))
