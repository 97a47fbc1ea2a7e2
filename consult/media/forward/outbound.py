"""What a subscriber is sent of one source: one stream, whatever layers change under it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final
from uuid import UUID

from consult.media.engine import Kind, Layer, Source
from consult.media.forward.inbound import CLOCK_RATE, Publication, Stream
from consult.media.forward.packets import Packet, build
from consult.media.forward.privates import Negotiated, Outlet, RtcpSenderInfo, RtcpSrPacket
from consult.media.forward.reception import NTP_SECOND, Line
from consult.media.forward.rewriting import Rewriter, Sent
from consult.media.forward.wrap import SEQ, apart

HISTORY: Final = 512
HISTORY_S: Final = 2.0
"""So many packets are kept to be sent again, for so long: who misses one asks within a second."""
REPORTS_KEPT: Final = 8

Send = Callable[[bytes], bool]


class Outbound:
    """One source on its way to one subscriber."""

    def __init__(self, publication: Publication, outlet: Outlet, send: Send, line: Line) -> None:
        self.publication = publication
        self.kind: Final = publication.source.kind
        self.outlet = outlet
        self.layer = Layer.HIGH
        self.current: Stream | None = None
        self.bytes_sent = 0
        self.packets_sent = 0
        self._send = send
        self._line = line
        self._rewriter = Rewriter(CLOCK_RATE[self.kind], first_seq=outlet.ssrc % 0x4000)
        self._history: deque[tuple[float, int, Sent]] = deque(maxlen=HISTORY)
        """When, by which payload type, what; oldest first."""
        self._rtx_seq = outlet.rtx_ssrc % 0x4000
        self._asked: dict[int, float] = {}
        self._heard: tuple[int, int, int] | None = None
        self._types: tuple[Negotiated, dict[str, int]] | None = None

    def carry(self, publication: Publication) -> None:
        """Send another source of the same kind from now on, in the same stream."""
        self.publication = publication
        self.rest()

    def rest(self) -> None:
        """Nothing of it is sent now, and nothing that was sent will be sent again."""
        self.current = None
        self._history.clear()

    @property
    def key(self) -> tuple[UUID, Source]:
        """Whose source it is, and which."""
        return self.publication.key

    def take(self, stream: Stream, packet: Packet, at: float) -> None:
        """Send a packet, if it is of the layer that this subscriber gets."""
        agreed = self.outlet.agreed
        if agreed is None or self.layer is Layer.OFF:
            self.rest()
            return
        if stream is not self.current and not self._switched(stream, packet, at):
            return
        sent = self._rewriter.write(packet, at)
        if sent is None:
            return
        payload_type = self._payload_type(agreed, packet)
        if payload_type is None:
            return
        if self.kind is Kind.VIDEO:
            self._keep(sent, payload_type, at)
        self._out(payload_type, sent.seq, self.outlet.ssrc, sent, sent.payload)

    def _keep(self, sent: Sent, payload_type: int, at: float) -> None:
        history = self._history
        history.append((at, payload_type, sent))
        while history[0][0] < at - HISTORY_S:
            history.popleft()

    def _switched(self, stream: Stream, packet: Packet, at: float) -> bool:
        """Whether `stream` is sent from this packet on."""
        if self.kind is Kind.VIDEO:
            wanted = self.publication.best(self.layer, at)
            if stream is not wanted:
                return False
            if not packet.head.keyframe:
                self.publication.ask_picture(stream, at)
                return False
        self._rewriter.switch(stream, packet, at, self._told(stream))
        self.current = stream
        return True

    def _told(self, stream: Stream) -> int | None:
        """The distance of timestamps, as both layers' sender reports tell it."""
        before = self.current.reception.sender if self.current is not None else None
        after = stream.reception.sender
        if before is None or after is None:
            return None
        there = after.timestamp_at(before.ntp, CLOCK_RATE[self.kind])
        return self._rewriter.offset + before.timestamp - there

    def _payload_type(self, agreed: Negotiated, packet: Packet) -> int | None:
        """The subscriber's number for what the publisher's packet carries."""
        if self._types is None or self._types[0] is not agreed:
            self._types = agreed, {name: pt for pt, name in agreed.payload_types.items()}
        return self._types[1].get(packet.codec)

    def _out(self, pt: int, seq: int, ssrc: int, sent: Sent, payload: bytes) -> None:
        head = build(pt, sent.marker, seq, sent.timestamp, ssrc)
        if self._send(head + payload):
            self.packets_sent += 1
            self.bytes_sent += len(payload)

    def again(self, lost: list[int]) -> None:
        """A receiver misses packets; those that we have go out once more."""
        agreed = self.outlet.agreed
        if agreed is None:
            return
        kept = {sent.seq: (payload_type, sent) for _, payload_type, sent in self._history}
        for seq in lost:
            if seq not in kept:
                continue
            payload_type, sent = kept[seq]
            rtx = agreed.repair_of(payload_type)
            if rtx is None:
                self._out(payload_type, sent.seq, self.outlet.ssrc, sent, sent.payload)
                continue
            payload = sent.seq.to_bytes(2, "big") + sent.payload
            self._out(rtx, self._rtx_seq, self.outlet.rtx_ssrc, sent, payload)
            self._rtx_seq = (self._rtx_seq + 1) % SEQ

    def picture(self, at: float) -> None:
        """The receiver cannot go on without a key frame."""
        stream = self.current or self.publication.best(self.layer, at)
        if stream is not None:
            self.publication.ask_picture(stream, at)

    def sender_report(self, at: float) -> bytes | None:
        """Our report of this stream, in the publisher's clock: lips fit words. None if idle."""
        stream = self.current
        if stream is None or self.packets_sent == 0:
            return None
        told = stream.reception.sender
        if told is None:
            return None
        passed = max(0.0, at - told.at)
        ntp = told.ntp + int(passed * NTP_SECOND)
        stamp = told.timestamp_at(ntp, CLOCK_RATE[self.kind]) + self._rewriter.offset
        info = RtcpSenderInfo(
            ntp_timestamp=ntp % (1 << 64),
            rtp_timestamp=stamp % (1 << 32),
            packet_count=self.packets_sent % (1 << 32),
            octet_count=self.bytes_sent % (1 << 32),
        )
        self._asked[ntp >> 16 & 0xFFFFFFFF] = at
        while len(self._asked) > REPORTS_KEPT:
            del self._asked[next(iter(self._asked))]
        return bytes(RtcpSrPacket(ssrc=self.outlet.ssrc, sender_info=info))

    def heard(self, highest: int, lost: int, lsr: int, dlsr: int, at: float) -> None:
        """A receiver report: how much of what we sent was lost on the way."""
        sent_at = self._asked.get(lsr)
        if sent_at is not None:
            self._line.round_trip(at - sent_at - dlsr / 65536)
        skipped = self._rewriter.skipped
        before = self._heard
        self._heard = (highest, lost, skipped)
        if before is not None:
            expected = apart(highest % (1 << 32), before[0] % (1 << 32), 1 << 32)
            holes = max(0, skipped - before[2])
            self._line.add(expected - holes, lost - before[1] - holes)
