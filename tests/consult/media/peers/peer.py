"""One participant made of packets: sends the clip on one connection, counts on the other."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from struct import error as StructError
from typing import Any, Final, Protocol
from uuid import UUID

from aiortc.utils import random32

from consult.media.engine import JoinTicket, Source
from consult.media.forward.packets import Malformed, build, parse
from consult.media.forward.privates import (
    Connection,
    Negotiated,
    Outlet,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
)
from consult.media.forward.reception import Reception
from tests.consult.media.peers.clip import FPS, LARGE, SMALL, SOUND_MS, clip, pictures
from tests.consult.media.peers.encoding import Encoding, with_rids

TICK_S: Final = 0.01
REPORT_S: Final = 1.0
LAYERS: Final = {"l": SMALL, "h": LARGE}
KINDS: Final = {Source.MICROPHONE: "audio", Source.CAMERA: "video"}


class Signalling(Protocol):
    """How an engine is spoken to; one per engine."""

    async def enter(self, peer: Peer, ticket: JoinTicket) -> str:
        """Join and publish. "welcome", or in the engine's word why not."""
        ...

    async def leave(self) -> None:
        """Say good-bye."""
        ...


class Peer:
    """Somebody in a room. `bye` is what the engine said when it was over."""

    def __init__(
        self, signalling: Callable[[], Signalling], *, listens: bool = False, layered: bool = False
    ) -> None:
        self.listens = listens
        """Sends nothing, as whoever attends a class."""
        self.layered = layered
        """Sends the picture large and small, as browsers do."""
        self.publish = Connection(_ignored, self._asked)
        self.subscribe = Connection(self._arrived, _ignored)
        self.outlets: dict[Source, Outlet] = {}
        self.encodings: list[Encoding] = []
        self.received: Counter[int] = Counter()
        """Packets by stream."""
        self.frames: Counter[int] = Counter()
        """Ends of pictures by stream."""
        self.people: frozenset[UUID] = frozenset()
        self.bye: str | None = None
        self.recording: dict[str, Any] = {}
        """What was said last about being recorded."""
        self.late_s = 0.0
        """How far sending was behind its schedule at most."""
        self.misses = 0.0
        """Share of what comes that is treated as if the line had lost it."""
        self.signalling = signalling()
        self._receptions: dict[int, Reception] = {}
        self._chance = random.Random(1)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def pictures(self) -> int:
        """How many pictures of others come."""
        return sum(ends >= 5 for ends in self.frames.values())

    @property
    def sound(self) -> int:
        """Packets of sound that came; they end no picture."""
        return sum(n for ssrc, n in self.received.items() if not self.frames[ssrc])

    async def enter(self, ticket: JoinTicket) -> str:
        """Join with a ticket; from then on send."""
        answer = await self.signalling.enter(self, ticket)
        if answer == "welcome":
            work = [self._reports()] if self.listens else [self._reports(), self._sends()]
            self._tasks = {asyncio.create_task(part) for part in work}
        return answer

    async def offer(self) -> tuple[str, dict[str, Source]]:
        """What we send, and what each m-section is of."""
        made = {
            source: self.publish.addTransceiver(kind, direction="sendonly")
            for source, kind in KINDS.items()
        }
        self.outlets = {source: one.sender for source, one in made.items()}  # type: ignore[misc]
        text = await self.publish.offer()
        if self.layered:
            self.encodings = [
                Encoding(pictures(size), random32(), rid) for rid, size in LAYERS.items()
            ]
            text = with_rids(text, list(LAYERS))
        else:
            self.encodings = [Encoding(clip().pictures, self.outlets[Source.CAMERA].ssrc)]
        return text, {str(one.mid): source for source, one in made.items()}

    async def leave(self) -> None:
        """Good-bye, and the connections' end."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(ConnectionError, OSError):
            await self.signalling.leave()
        await self.publish.close()
        await self.subscribe.close()

    async def _sends(self) -> None:
        """Frames at their time, whatever was late before."""
        film = clip()
        began = time.monotonic()
        shown = sounds = 0
        camera = self.outlets[Source.CAMERA]
        while True:
            passed = time.monotonic() - began
            self.late_s = max(self.late_s, passed - sounds * SOUND_MS / 1000)
            while sounds * SOUND_MS / 1000 <= passed:
                self._sound(film.sounds[sounds % len(film.sounds)], sounds)
                sounds += 1
            while shown / FPS <= passed:
                shown += 1
                if camera.agreed is not None:
                    self._picture(camera.agreed)
            await asyncio.sleep(TICK_S)

    def _picture(self, agreed: Negotiated) -> None:
        for encoding in self.encodings:
            for packet in encoding.next(agreed):
                self.publish.send_rtp(packet)

    def _sound(self, data: bytes, number: int) -> None:
        outlet = self.outlets[Source.MICROPHONE]
        agreed: Negotiated | None = outlet.agreed
        payload_type = agreed.payload_type("opus") if agreed else None
        if payload_type is not None:
            stamp = number * 960 % (1 << 32)
            head = build(payload_type, False, number % 65536, stamp, outlet.ssrc)
            self.publish.send_rtp(head + data)

    def _asked(self, data: bytes) -> None:
        """A key frame is asked for: the clip begins anew with one."""
        with suppress(ValueError, StructError, IndexError):
            asked = {
                packet.media_ssrc
                for packet in RtcpPacket.parse(data)
                if isinstance(packet, RtcpPsfbPacket) and packet.fmt in (1, 4)
            }
            for encoding in self.encodings:
                if asked and (encoding.ssrc in asked or len(self.encodings) == 1):
                    encoding.asked()

    def _arrived(self, data: bytes) -> None:
        with suppress(Malformed):
            packet = parse(data)
            self.received[packet.ssrc] += 1
            self.frames[packet.ssrc] += packet.marker
            known = self._receptions.setdefault(packet.ssrc, Reception(90_000))
            if self._chance.random() >= self.misses:
                known.add(packet.seq, packet.timestamp, time.monotonic())

    async def _reports(self) -> None:
        """Say every second what came: who says nothing seems to be gone."""
        while True:
            await asyncio.sleep(REPORT_S)
            found = [(ssrc, one.report(time.monotonic())) for ssrc, one in self._receptions.items()]
            blocks = [
                RtcpReceiverInfo(
                    ssrc=ssrc,
                    fraction_lost=one.fraction_lost,
                    packets_lost=one.packets_lost,
                    highest_sequence=one.highest,
                    jitter=one.jitter,
                    lsr=one.lsr,
                    dlsr=one.dlsr,
                )
                for ssrc, one in found
                if one is not None
            ]
            if blocks:
                packet = RtcpRrPacket(ssrc=self.subscribe.ssrc, reports=blocks[:31])
                self.subscribe.send_rtcp(bytes(packet))


def _ignored(_data: bytes) -> None:
    """Nothing is expected here."""
