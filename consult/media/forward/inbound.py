"""What a participant sends: the layers of one source, repaired, counted and handed on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol
from uuid import UUID

from consult.media.engine import Kind, Layer, Source
from consult.media.forward.packets import Packet
from consult.media.forward.reception import Reception, WallClock
from consult.media.forward.repair import Repair, Throttle

LIVE_S: Final = 1.0
"""A layer silent for so long is not sent now: browsers drop the high one on a poor line."""
BEST: Final = {Layer.HIGH: ("h", "", "l"), Layer.LOW: ("l", "")}
"""Layers by what is wanted, best first; "" is the only layer of a source that has one."""
CLOCK_RATE: Final = {Kind.AUDIO: 48_000, Kind.VIDEO: 90_000}

AskPicture = Callable[["Stream"], None]


@dataclass(eq=False, slots=True)
class Stream:
    """One incoming SSRC: a layer of a source."""

    ssrc: int
    rid: str
    kind: Kind
    reception: Reception
    repair: Repair
    picture: Throttle = field(default_factory=Throttle)
    """Key frames asked for."""

    @classmethod
    def of(cls, ssrc: int, rid: str, kind: Kind, clock: WallClock | None = None) -> Stream:
        """A new one, of whoever lives by `clock`."""
        reception = Reception(CLOCK_RATE[kind], clock or WallClock())
        return cls(ssrc, rid, kind, reception, Repair())

    def live(self, at: float) -> bool:
        """Whether packets come."""
        return at - self.reception.last_at < LIVE_S

    def arrived(self, packet: Packet, at: float) -> bool:
        """Count a packet; False for a duplicate."""
        if self.kind is Kind.AUDIO:
            return True
        fresh = self.repair.arrived(packet.seq, at)
        if self.repair.needs_keyframe:
            self.repair.needs_keyframe = False
            self.picture.ask()
        if packet.head.keyframe:
            self.repair.forget()
        return fresh


class Taker(Protocol):
    """Somebody who is sent a source."""

    def take(self, stream: Stream, packet: Packet, at: float) -> None:
        """One packet of one layer."""
        ...


Tap = Callable[[Stream, Packet, float], None]
"""Sees every repaired packet that is passed on, a tape for one. What it raises harms nobody."""


class Publication:
    """One source of one participant, whoever carries it now: it outlives a rebuilt connection."""

    def __init__(self, owner: UUID, source: Source) -> None:
        self.owner = owner
        self.source = source
        self.own = False
        """Its owner silenced it."""
        self.held = False
        """A host silenced it."""
        self.streams: dict[str, Stream] = {}
        self.takers: list[Taker] = []
        self.tap: Tap | None = None
        self.tap_errors = 0
        self.ask: AskPicture | None = None

    @property
    def muted(self) -> bool:
        """Whether nothing of it is passed on."""
        return self.own or self.held

    @property
    def key(self) -> tuple[UUID, Source]:
        """Whose, and of what."""
        return self.owner, self.source

    def carried_by(self, ask: AskPicture) -> None:
        """A new connection carries it: its layers are other streams."""
        self.streams = {}
        self.ask = ask

    def best(self, layer: Layer, at: float) -> Stream | None:
        """The stream to send when `layer` is wanted; None when nothing fits or comes."""
        for rid in BEST.get(layer, ()):
            stream = self.streams.get(rid)
            if stream is not None and stream.live(at):
                return stream
        return None

    def pass_on(self, stream: Stream, packet: Packet, at: float) -> None:
        """Hand a packet to everybody who takes this source."""
        if self.muted:
            return
        if self.tap is not None:
            self._tapped(self.tap, stream, packet, at)
        for taker in self.takers:
            taker.take(stream, packet, at)

    def ask_picture(self, stream: Stream, at: float) -> None:
        """Somebody needs a key frame of this layer; all who ask at once are one request."""
        stream.picture.ask()
        self.send_asked(stream, at)

    def send_asked(self, stream: Stream, at: float) -> None:
        """Ask for the key frame that is wanted, if it is time."""
        if self.ask is not None and stream.picture.due(at):
            self.ask(stream)

    def _tapped(self, tap: Tap, stream: Stream, packet: Packet, at: float) -> None:
        try:
            tap(stream, packet, at)
        except Exception:
            self.tap_errors += 1
