"""What is kept of what was sent, for whoever misses it."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from consult.media.engine import Kind, Source
from consult.media.forward.inbound import Publication, Stream
from consult.media.forward.outbound import HISTORY, HISTORY_S, Outbound
from consult.media.forward.packets import PLAIN, Packet
from consult.media.forward.privates import Negotiated, Outlet
from consult.media.forward.reception import Line

VP8 = 96


class Sent:
    """An outbound stream and what it sends."""

    def __init__(self) -> None:
        self.packets: list[bytes] = []
        publication = Publication(UUID(int=1), Source.SCREEN)
        self.stream = publication.streams[""] = Stream.of(7, "", Kind.VIDEO)
        outlet = Outlet("video", None)
        outlet.agreed = Negotiated("0", {VP8: "vp8"}, {}, {})
        self.out = Outbound(publication, outlet, self._send, Line())

    def _send(self, data: bytes) -> bool:
        self.packets.append(data)
        return True

    def came(self, seq: int, at: float) -> None:
        """A packet of the publisher's; the first begins a picture that needs no other."""
        head = replace(PLAIN, keyframe=seq == 1)
        self.stream.reception.last_at = at
        packet = Packet(VP8, True, seq, seq * 3000, 7, b"%d" % seq, {}, head, "vp8")
        self.out.take(self.stream, packet, at)

    def kept(self) -> list[bytes]:
        """Payloads that would be sent again, whoever misses them."""
        first, sent = self.out.outlet.ssrc % 0x4000, len(self.packets)
        self.out.again([first + step for step in range(HISTORY + 200)])
        again, self.packets = self.packets[sent:], self.packets[:sent]
        return [packet[12:] for packet in again]


def test_what_was_sent_is_kept_for_a_while_and_not_longer() -> None:
    sent = Sent()
    for seq in range(1, 4):
        sent.came(seq, seq / 10)
    assert sent.kept() == [b"1", b"2", b"3"]
    sent.came(4, 0.25 + HISTORY_S)
    assert sent.kept() == [b"3", b"4"]


def test_no_more_is_kept_than_there_is_room_for() -> None:
    sent = Sent()
    for seq in range(1, HISTORY + 100):
        sent.came(seq, 0.001 * seq)
    assert len(sent.kept()) == HISTORY


def test_what_rests_keeps_nothing() -> None:
    sent = Sent()
    sent.came(1, 0.1)
    sent.out.rest()
    assert sent.kept() == []
