"""The connection on which a participant is sent the others. We offer, the client answers."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from struct import error as StructError
from typing import Any, Final, cast
from uuid import UUID

from consult.media.engine import Kind, Layer, Source
from consult.media.forward.inbound import Publication
from consult.media.forward.layers import LossRule, allowed, least
from consult.media.forward.outbound import Outbound
from consult.media.forward.privates import (
    Connection,
    InvalidStateError,
    OperationError,
    Outlet,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
)
from consult.media.forward.reception import Line

NACK, PLI, FIR = 1, 1, 4
LEAST_PACKETS: Final = 20
"""Fewer reported packets than this say nothing about a line."""

Key = tuple[UUID, Source]


@dataclass(frozen=True, slots=True)
class Offer:
    """A description for the client, and what each of its m-sections is of."""

    n: int
    sdp: str
    tracks: dict[str, Key]


class Subscriber:
    """Sends publications to one client; negotiates one change after the other."""

    def __init__(
        self, offer: Callable[[Offer], Awaitable[None]], line: Line, rule: LossRule
    ) -> None:
        self.connection = Connection(self._rtp, self._rtcp)
        self.line = line
        self.rule = rule
        self.cap = Layer.HIGH
        self.strained = False
        self.last_heard: float | None = None
        self.outs: dict[Key, Outbound] = {}
        self.loss: float | None = None
        self._offer = offer
        self._wishes: dict[Key, Layer] = {}
        self._by_ssrc: dict[int, Outbound] = {}
        self._ends: dict[Outbound, Any] = {}
        self._n = 0
        self._waiting = False
        self._changed = False

    async def add(self, publication: Publication) -> None:
        """Send one more source; `flush` tells the client.

        On a connection that is over nothing happens: the client will come with a new one.
        """
        if publication.key in self.outs or self.connection.over:
            return
        out = self._resting(publication) or self._new(publication)
        self.outs[publication.key] = out
        publication.takers.append(out)
        self._changed = True
        self.set_layers()

    def _resting(self, publication: Publication) -> Outbound | None:
        """An m-section that rests is used again: descriptions do not grow with every change."""
        used = set(map(id, self.outs.values()))
        for out, end in self._ends.items():
            if id(out) not in used and out.kind is publication.source.kind:
                out.carry(publication)
                end.direction = "sendonly"
                return out
        return None

    def _new(self, publication: Publication) -> Outbound:
        kind = publication.source.kind
        end = self.connection.addTransceiver(kind.value, direction="sendonly")
        outlet = cast(Outlet, end.sender)
        out = Outbound(publication, outlet, self.connection.send_rtp, self.line)
        self._ends[out] = end
        self._by_ssrc[out.outlet.ssrc] = out
        return out

    async def remove(self, key: Key) -> None:
        """Send it no more."""
        out = self.outs.pop(key, None)
        if out is None:
            return
        if out in out.publication.takers:
            out.publication.takers.remove(out)
        out.rest()
        self._ends[out].direction = "inactive"
        self._changed = True
        self.set_layers()

    def wish(self, key: Key, layer: Layer) -> None:
        """The client shows this source large, small or not at all."""
        self._wishes[key] = layer
        self.set_layers()

    def set_layers(self) -> dict[Key, Layer]:
        """Decide what is sent of each picture; those that the line took away, by key."""
        limits = allowed(
            self.rule.level,
            {key: key[1] for key in self.outs},
            strained=self.strained,
        )
        taken: dict[Key, Layer] = {}
        for key, out in self.outs.items():
            if out.kind is Kind.AUDIO:
                continue
            wish = self._wishes.get(key, _first_wish(key[1]))
            out.layer = least(wish, self.cap, limits[key])
            if out.layer is not least(wish, self.cap):
                taken[key] = out.layer
        return taken

    async def flush(self) -> None:
        """Offer what changed, unless an answer is still awaited."""
        if self._waiting or not self._changed or self.connection.over:
            return
        self._changed = False
        self._waiting = True
        self._n += 1
        try:
            text = await self.connection.offer()
        except InvalidStateError:
            if self.connection.over:
                return  # they left meanwhile
            raise
        tracks = {str(self._ends[out].mid): key for key, out in self.outs.items()}
        await self._offer(Offer(self._n, text, tracks))

    async def answered(self, n: int, answer: str) -> None:
        """The client's answer to offer `n`; an answer to another one is ignored."""
        if not self._waiting or n != self._n:
            return
        try:
            await self.connection.accept(answer)
        except (ValueError, AssertionError, InvalidStateError, OperationError):
            # A description that cannot be read: the client, still without media, will come anew.
            return
        self._waiting = False
        await self.flush()

    async def close(self) -> None:
        """End it."""
        for key in list(self.outs):
            await self.remove(key)
        await self.connection.close()

    def tick(self, at: float) -> bool:
        """Sender reports and the rule of losses, about every second; True if the level changed."""
        for out in self.outs.values():
            report = out.sender_report(at)
            if report is not None:
                self.connection.send_rtcp(report)
        loss = self.line.take(LEAST_PACKETS)
        if loss is None:
            return False
        self.loss = loss
        return self.rule.report(loss, at)

    def _rtp(self, _data: bytes) -> None:
        """Nothing is sent to us here."""

    def _rtcp(self, data: bytes) -> None:
        at = time.monotonic()
        self.last_heard = at
        try:
            packets = RtcpPacket.parse(data)
        except (ValueError, StructError, IndexError):
            return
        for packet in packets:
            if isinstance(packet, RtcpRrPacket | RtcpSrPacket):
                for block in packet.reports:
                    out = self._by_ssrc.get(block.ssrc)
                    if out is not None:
                        lost, lsr = block.packets_lost, block.lsr
                        out.heard(block.highest_sequence, lost, lsr, block.dlsr, at)
            elif isinstance(packet, RtcpRtpfbPacket) and packet.fmt == NACK:
                out = self._by_ssrc.get(packet.media_ssrc)
                if out is not None:
                    out.again(packet.lost)
            elif isinstance(packet, RtcpPsfbPacket) and packet.fmt in (PLI, FIR):
                out = self._by_ssrc.get(packet.media_ssrc)
                if out is not None:
                    out.picture(at)


def _first_wish(source: Source) -> Layer:
    """What is sent before the client says how large it shows it: faces small, scans whole."""
    return Layer.LOW if source is Source.CAMERA else Layer.HIGH
