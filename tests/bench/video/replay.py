"""People made of packets in a process of their own: `python -m tests.bench.video.replay ENGINE`.

Reads one line of tickets (JSON), enters them all, and for each further line answers with what was
received since the line before. A line `{"again": n, "ticket": …}` lets the nth leave and come anew.
Ends with its input.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from typing import Any

import uvloop

from consult.media.engine import JoinTicket
from consult.media.forward.privates import install
from kernel.clock import SystemClock
from tests.consult.media.peers.clip import SMALL, clip, pictures
from tests.consult.media.peers.forward import ForwardSignalling
from tests.consult.media.peers.janus import JanusSignalling
from tests.consult.media.peers.peer import Peer

SIGNALLING = {"forward": ForwardSignalling, "janus": JanusSignalling}
ADDRESSES = {"forward": ["127.0.0.1"], "janus": []}
"""Janus has no candidate on the loopback: it is spoken to at the machine's own address."""


async def main(engine: str) -> None:
    """Until the input ends."""
    clip()
    pictures(SMALL)
    loop = asyncio.get_running_loop()
    tickets: list[dict[str, Any]] = json.loads(await _line(loop))
    peers = [Peer(SIGNALLING[engine], **ticket.get("as", {})) for ticket in tickets]
    for peer, ticket in zip(peers, tickets, strict=True):
        await _enter(engine, peer, ticket)
    before = [peer.frames.copy() for peer in peers]
    packets, at = _packets(peers), time.monotonic()
    _say({"entered": len(peers)})
    while line := await _line(loop):
        if isinstance(order := json.loads(line), dict):
            peers[order["again"]] = await _again(engine, peers[order["again"]], order["ticket"])
            before[order["again"]] = Counter()
            _say({"again": order["again"]})
            continue
        now = time.monotonic()
        rates = [
            (peer.frames[ssrc] - older[ssrc]) / (now - at)
            for peer, older in zip(peers, before, strict=True)
            for ssrc in peer.frames
            if peer.frames[ssrc] > older[ssrc]
        ]
        video = [rate for rate in rates if rate > 1]
        late_s = max(peer.late_s for peer in peers)
        _say(
            {
                "pictures": len(video),
                "least_fps": round(min(video, default=0.0), 2),
                "late_ms": round(late_s * 1000),
                "pps": round((_packets(peers) - packets) / (now - at)),
            }
        )
        for peer in peers:
            peer.late_s = 0.0
        before = [peer.frames.copy() for peer in peers]
        packets, at = _packets(peers), now
    for peer in peers:
        await peer.leave()


async def _enter(engine: str, peer: Peer, ticket: dict[str, Any]) -> None:
    given = JoinTicket(engine, ticket["url"], ticket["token"], (), SystemClock().now())
    answer = await peer.enter(given)
    if answer != "welcome":
        raise RuntimeError(answer)


async def _again(engine: str, gone: Peer, ticket: dict[str, Any]) -> Peer:
    """The same person leaves and comes with a fresh ticket."""
    await gone.leave()
    peer = Peer(SIGNALLING[engine])
    await _enter(engine, peer, ticket)
    return peer


def _packets(peers: list[Peer]) -> int:
    return sum(peer.received.total() for peer in peers)


async def _line(loop: asyncio.AbstractEventLoop) -> str:
    return await loop.run_in_executor(None, sys.stdin.readline)


def _say(body: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(body) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    install(ADDRESSES[sys.argv[1]])
    uvloop.run(main(sys.argv[1]))
