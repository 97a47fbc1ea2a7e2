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
from tests.consult.media.peers.clip import FPS, SOUND_MS, clip, payloads

TICK_S: Final = 0.01
REPORT_S: Final = 1.0
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

    def __init__(self, signalling: Callable[[], Signalling], *, listens: bool = False) -> None:
        self.listens = listens
        """Sends nothing, as whoever attends a class."""
        self.publish = Connection(_ignored, self._asked)
        self.subscribe = Connection(self._arrived, _ignored)
        self.outlets: dict[Source, Outlet] = {}
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
        self._again = False
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
        pictures = sounds = at = seq = 0
        while True:
            passed = time.monotonic() - began
            self.late_s = max(self.late_s, passed - sounds * SOUND_MS / 1000)
            while sounds * SOUND_MS / 1000 <= passed:
                data = film.sounds[sounds % len(film.sounds)]
                self._out(Source.MICROPHONE, "opus", False, sounds, sounds * 960, data)
                sounds += 1
            while pictures / FPS <= passed:
                if self._again:
                    self._again, at = False, 0
                parts = payloads(film.pictures[at], pictures)
                for number, part in enumerate(parts, 1):
                    last = number == len(parts)
                    stamp = pictures * 90_000 // FPS
                    self._out(Source.CAMERA, "vp8", last, seq, stamp, part)
                    seq += 1
                pictures += 1
                at = (at + 1) % len(film.pictures)
            await asyncio.sleep(TICK_S)

    def _out(
        self, source: Source, codec: str, marker: bool, seq: int, stamp: int, payload: bytes
    ) -> None:
        outlet = self.outlets[source]
        agreed: Negotiated | None = outlet.agreed
        payload_type = agreed.payload_type(codec) if agreed else None
        if payload_type is not None:
            head = build(payload_type, marker, seq % 65536, stamp % (1 << 32), outlet.ssrc)
            self.publish.send_rtp(head + payload)

    def _asked(self, data: bytes) -> None:
        """A key frame is asked for: the clip begins anew with one."""
        with suppress(ValueError, StructError, IndexError):
            self._again |= any(
                isinstance(packet, RtcpPsfbPacket) and packet.fmt in (1, 4)
                for packet in RtcpPacket.parse(data)
            )

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
