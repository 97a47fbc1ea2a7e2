"""What somebody in a room sends that nobody should: nothing of the others' is lost by it."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator
from pathlib import Path
from socket import AF_INET, SOCK_DGRAM, socket
from typing import cast
from uuid import UUID

import pytest

from consult.media.engine import Source, WasLeft
from consult.media.forward.inbound import Publication, Stream
from consult.media.forward.packets import Packet, build, parse
from tests.consult.media.peers.houses import RunningHouse, forward_house
from tests.consult.media.peers.peer import Peer
from tests.consult.media.test_conformance import until

RTCP = range(192, 224)
"""Second bytes by which a packet is taken for RTCP (RFC 5761)."""


@pytest.fixture
async def house(valkey_url: str, tmp_path: Path) -> AsyncIterator[RunningHouse]:
    """Our worker."""
    async with forward_house(valkey_url, tmp_path) as made:
        await made.listen()
        yield made


def _nonsense(peer: Peer, chance: random.Random) -> bytes:
    """RTP or RTCP by its first bytes and nothing by the rest; of a stream that is known, or not."""
    rest = chance.randbytes(chance.randrange(60))
    outlet = peer.outlets[chance.choice(list(peer.outlets))]
    match chance.randrange(3):
        case 0:  # RTCP of any kind with lengths that lie
            second = chance.choice(RTCP)
            return bytes([0x80 | chance.randrange(32), second]) + chance.randbytes(2) + rest
        case 1:  # a header with flags for what is not there
            first = 0x80 | chance.choice([0x0F, 0x10, 0x20, 0x3F])
            return bytes([first, 0x80 | 96]) + chance.randbytes(10) + rest
        case _:  # a good header of a stream that is known, with another payload
            head = build(96 + chance.randrange(20), True, chance.randrange(65536), 0, outlet.ssrc)
            return head + rest


async def test_malformed_packets_stop_nobodys_packets(house: RunningHouse) -> None:
    one, two, three = await house.enter(3)
    hostile, others = house.peers[one], [house.peers[two], house.peers[three]]
    for peer in (hostile, *others):
        await until(lambda peer=peer: peer.pictures == 2 and peer.sound > 50)
    chance, sent = random.Random(7), 0
    while sent < 400:
        nonsense = _nonsense(hostile, chance)
        control = nonsense[1] in RTCP
        send = hostile.publish.send_rtcp if control else hostile.publish.send_rtp
        sent += send(nonsense)  # what cannot even be encrypted never arrives anywhere
        await asyncio.sleep(0.002)
    before = [(peer.frames.total(), peer.sound) for peer in (hostile, *others)]
    for peer, (frames, sound) in zip((hostile, *others), before, strict=True):
        await until(
            lambda peer=peer, frames=frames, sound=sound: (
                peer.frames.total() > frames + 20 and peer.sound > sound + 80
            )
        )
    assert house.told(WasLeft) == []
    assert house.process.poll() is None


WORKERS_END = re.compile(r"a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host")
STRANGE = (
    b"",
    b"\x80",
    b"\x80" * 40,
    b"\x80" * 1501,
    b"\x80\xc8" * 20,
    b"\x16" * 60,
    b"\x16" * 3000,
)
"""Nothing, and what begins like RTP, RTCP or DTLS and is too short, too long or nonsense."""


async def test_a_stranger_ends_nobodys_call(house: RunningHouse) -> None:
    """Whoever knows the port may send something there; no key is needed for that."""
    one, two = await house.enter(2)
    peers = [house.peers[one], house.peers[two]]
    for peer in peers:
        await until(lambda peer=peer: peer.pictures == 1 and peer.sound > 50)
    with socket(AF_INET, SOCK_DGRAM) as stranger:
        for peer in peers:
            for connection in (peer.publish, peer.subscribe):
                for host, port in WORKERS_END.findall(connection.remoteDescription.sdp):
                    for data in STRANGE:
                        stranger.sendto(data, (host, int(port)))
    before = [(peer.frames.total(), peer.sound) for peer in peers]
    for peer, (frames, sound) in zip(peers, before, strict=True):
        await until(
            lambda peer=peer, frames=frames, sound=sound: (
                peer.frames.total() > frames + 20 and peer.sound > sound + 80
            )
        )
    assert house.told(WasLeft) == []


class Taken:
    """Takes packets."""

    def __init__(self) -> None:
        self.count = 0

    def take(self, _stream: Stream, _packet: Packet, _at: float) -> None:
        self.count += 1


def test_a_tap_that_raises_keeps_no_packet_from_anybody() -> None:
    publication, taken = Publication(UUID(int=1), Source.MICROPHONE), Taken()
    publication.takers.append(taken)

    def raises(_stream: Stream, _packet: Packet, _at: float) -> None:
        raise RuntimeError

    publication.tap = raises
    packet = parse(build(111, False, 1, 0, 5) + b"sound")
    for at in range(3):
        publication.pass_on(cast(Stream, None), packet, float(at))
    assert (taken.count, publication.tap_errors) == (3, 3)
