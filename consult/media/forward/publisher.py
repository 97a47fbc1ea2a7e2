"""The connection on which a participant sends. The client offers, we answer."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from struct import error as StructError

from consult.media.engine import Kind, Source
from consult.media.forward import sdp
from consult.media.forward.inbound import Publication, Stream
from consult.media.forward.packets import Malformed, Packet, parse, vp8_head
from consult.media.forward.privates import (
    MID,
    REPAIRED,
    RID,
    SENT,
    Connection,
    Inlet,
    Negotiated,
    RemoteBitrateEstimator,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
    pack_remb_fci,
)
from consult.media.forward.reception import WallClock

NACK, PLI, REMB = 1, 1, 15


@dataclass(frozen=True, slots=True)
class _Route:
    """Where packets of one SSRC belong."""

    publication: Publication
    stream: Stream
    inlet: Inlet


class Publisher:
    """Takes packets in and hands them to publications.

    Args:
        publication: gives the room's publication of a source.
        ended: called when the client sends a source no more.
        round_trip_s: asks for the present estimate of the way there and back.
    """

    def __init__(
        self,
        publication: Callable[[Source], Publication],
        ended: Callable[[Publication], Awaitable[None]],
        round_trip_s: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.connection = Connection(self._rtp, self._rtcp)
        self.last_heard: float | None = None
        self.packets = 0
        self.malformed = 0
        self.red = 0
        """Sound packets that hold the one before them once more."""
        self._publication = publication
        self._ended = ended
        self._round_trip_s = round_trip_s
        self._by_ssrc: dict[int, _Route] = {}
        self._sections: dict[str, sdp.Section] = {}
        self._publications: dict[str, Publication] = {}
        self._inlets: dict[str, Inlet] = {}
        self._rate = RemoteBitrateEstimator()
        self._clock = WallClock()
        self._sent: int | None = None

    @property
    def publications(self) -> list[Publication]:
        """What is sent here."""
        return list(self._publications.values())

    async def answer_to(self, offer: str, sources: Mapping[str, Source]) -> str:
        """Take an offer, of first or of more sources; our answer.

        Args:
            offer: the client's description.
            sources: what each m-section is of, by its mid.
        """
        offered = sdp.sections(offer)
        answer = await self.connection.answer_to(offer)
        self._inlets = {end.mid: inlet for end, _, inlet in self.connection.ends()}
        self._sent = None
        for section in offered:
            source = sources.get(section.mid)
            if source is None or source.kind.value != section.kind:
                continue
            self._sections[section.mid] = section
            if section.mid not in self._publications:
                publication = self._publication(source)
                publication.carried_by(self._ask)
                self._publications[section.mid] = publication
            if section.ssrc is not None and section.ssrc not in self._by_ssrc:
                self._known(section.mid, section.ssrc, "", section.rtx)
        for mid in [mid for mid in self._publications if mid not in sources]:
            await self._ended(self._publications.pop(mid))
        return sdp.with_layers(answer, offered)

    async def close(self) -> None:
        """End it."""
        await self.connection.close()

    def _rtp(self, data: bytes) -> None:
        at = time.monotonic()
        self.last_heard = at
        self.packets += 1
        try:
            packet = parse(data)
        except Malformed:
            self.malformed += 1
            return
        self._estimate(packet, at)
        route = self._by_ssrc.get(packet.ssrc) or self._learned(packet)
        if route is None or route.inlet.agreed is None:
            return
        self._routed(packet, route, route.inlet.agreed, at)

    def _routed(self, packet: Packet, route: _Route, agreed: Negotiated, at: float) -> None:
        stream = route.stream
        if packet.ssrc != stream.ssrc:
            repaired = _unwrapped(packet, stream, agreed)
            if repaired is None:
                return
            packet = repaired
        else:
            stream.reception.add(packet.seq, packet.timestamp, at)
        packet.codec = agreed.payload_types.get(packet.payload_type, "")
        if packet.codec == "red":
            self.red += 1
        if packet.codec == "vp8":
            packet.head = vp8_head(packet.payload)
        if packet.codec and stream.arrived(packet, at):
            route.publication.pass_on(stream, packet, at)

    def _learned(self, packet: Packet) -> _Route | None:
        """Whose a new stream is, as its header extensions say."""
        for mid, inlet in self._inlets.items():
            agreed = inlet.agreed
            if agreed is None or mid not in self._publications:
                continue
            said = packet.extensions.get(agreed.extensions.get(MID, -1), b"")
            if said.decode("ascii", "replace") != mid:
                continue
            name = packet.extensions.get(agreed.extensions.get(REPAIRED, -1))
            if name is not None:
                return self._known_repair(mid, packet.ssrc, name.decode("ascii", "replace"))
            rid = packet.extensions.get(agreed.extensions.get(RID, -1), b"")
            return self._known(mid, packet.ssrc, rid.decode("ascii", "replace"), None)
        return None

    def _known(self, mid: str, ssrc: int, rid: str, rtx: int | None) -> _Route | None:
        publication = self._publications[mid]
        if rid and rid not in self._sections[mid].rids:
            return None
        stream = Stream.of(ssrc, rid, publication.source.kind, self._clock)
        publication.streams[rid] = stream
        route = self._by_ssrc[ssrc] = _Route(publication, stream, self._inlets[mid])
        if rtx is not None:
            self._by_ssrc[rtx] = route
        return route

    def _known_repair(self, mid: str, ssrc: int, rid: str) -> _Route | None:
        publication = self._publications[mid]
        stream = publication.streams.get(rid)
        if stream is None:
            return None
        route = self._by_ssrc[ssrc] = _Route(publication, stream, self._inlets[mid])
        return route

    def _rtcp(self, data: bytes) -> None:
        at = time.monotonic()
        self.last_heard = at
        try:
            packets = RtcpPacket.parse(data)
        except (ValueError, StructError, IndexError):
            self.malformed += 1
            return
        for packet in packets:
            if isinstance(packet, RtcpSrPacket) and packet.ssrc in self._by_ssrc:
                info = packet.sender_info
                reception = self._by_ssrc[packet.ssrc].stream.reception
                reception.heard_sender(info.ntp_timestamp, info.rtp_timestamp, at)

    def tick(self, at: float) -> None:
        """Ask for what is missing; call about every 20 ms."""
        for publication in self._publications.values():
            for stream in publication.streams.values():
                if stream.kind is not Kind.VIDEO:
                    continue
                lost = stream.repair.due(at, self._round_trip_s())
                if stream.repair.needs_keyframe:
                    stream.repair.needs_keyframe = False
                    stream.picture.ask()
                if lost:
                    self._nack(stream, lost)
                publication.send_asked(stream, at)

    def report(self, at: float) -> float | None:
        """Send receiver reports, about every second; the worst share lost, None if nothing came."""
        blocks, worst = [], None
        for publication in self._publications.values():
            for stream in publication.streams.values():
                found = stream.reception.report(at)
                if found is None or not stream.live(at - 2):
                    continue
                worst = max(worst or 0.0, found.fraction_lost / 256)
                blocks.append(
                    RtcpReceiverInfo(
                        ssrc=stream.ssrc,
                        fraction_lost=found.fraction_lost,
                        packets_lost=found.packets_lost,
                        highest_sequence=found.highest,
                        jitter=found.jitter,
                        lsr=found.lsr,
                        dlsr=found.dlsr,
                    )
                )
        if blocks:
            packet = RtcpRrPacket(ssrc=self.connection.ssrc, reports=blocks[:31])
            self.connection.send_rtcp(bytes(packet))
        return worst

    def _nack(self, stream: Stream, lost: list[int]) -> None:
        packet = RtcpRtpfbPacket(fmt=NACK, ssrc=self.connection.ssrc, media_ssrc=stream.ssrc)
        packet.lost = lost
        self.connection.send_rtcp(bytes(packet))

    def _ask(self, stream: Stream) -> None:
        packet = RtcpPsfbPacket(fmt=PLI, ssrc=self.connection.ssrc, media_ssrc=stream.ssrc)
        self.connection.send_rtcp(bytes(packet))

    def _estimate(self, packet: Packet, at: float) -> None:
        """Tell the sender how fast it may send, by how packets bunch up (REMB).

        Every packet counts, also one that belongs to no layer yet and one that holds nothing but
        padding: browsers try with just these whether the line carries one layer more, and what is
        not counted is never sent on.
        """
        raw = packet.extensions.get(self._sent_number())
        if raw is None or len(raw) != 3:
            return
        remb = self._rate.add(
            abs_send_time=int.from_bytes(raw, "big"),
            arrival_time_ms=int(at * 1000),
            payload_size=len(packet.payload) + packet.padding,
            ssrc=packet.ssrc,
        )
        if remb is not None:
            said = RtcpPsfbPacket(fmt=REMB, ssrc=self.connection.ssrc, media_ssrc=0)
            said.fci = pack_remb_fci(*remb)
            self.connection.send_rtcp(bytes(said))

    def _sent_number(self) -> int:
        """The number of the header extension with the moment of sending; -1 if none was agreed."""
        if self._sent is None:
            # One transport, one set of numbers: they are the same in every section.
            agreed = [inlet.agreed.extensions for inlet in self._inlets.values() if inlet.agreed]
            self._sent = next((each[SENT] for each in agreed if SENT in each), None)
        return -1 if self._sent is None else self._sent


def _unwrapped(packet: Packet, stream: Stream, agreed: Negotiated) -> Packet | None:
    """The packet that a retransmission repeats (RFC 4588); None for padding and probes."""
    payload_type = agreed.repairs.get(packet.payload_type)
    if payload_type is None or len(packet.payload) < 3:
        return None
    seq = int.from_bytes(packet.payload[:2], "big")
    return Packet(
        payload_type, packet.marker, seq, packet.timestamp, stream.ssrc, packet.payload[2:], {}
    )
