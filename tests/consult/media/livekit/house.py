"""LiveKit where every engine is held to one behaviour: its server's contract, without media."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from redis.asyncio import Redis

from consult.media.engine import JoinTicket, RoomPolicy
from consult.media.livekit.engine import LiveKitEngine
from consult.media.livekit.rooms import Key
from tests.consult.media.livekit.contract import KEY, SECRET, LiveKit, Twirp
from tests.consult.media.peers import relay_process
from tests.consult.media.peers.houses import RELAYS, Can, House
from tests.consult.media.peers.peer import Peer

URL = "wss://livekit.test"


class ContractSignalling:
    """Shows a token to the contract's door."""

    def __init__(self, server: LiveKit) -> None:
        self._server = server
        self._me = ""

    async def enter(self, peer: Peer, ticket: JoinTicket) -> str:
        """Connect; any refusal is "refused", as with our own worker."""
        try:
            self._me = self._server.enter(ticket.token, "microphone", "camera")
        except Twirp:
            return "refused"

        def told(bye: str) -> None:
            peer.bye = bye

        self._server.told[self._me] = told
        return "welcome"

    async def leave(self) -> None:
        """Disconnect."""
        self._server.go(self._me)


@dataclass(kw_only=True)
class ContractHouse(House):
    """A server of which nothing but its contract is there."""

    server: LiveKit

    def lose(self) -> None:
        """Whatever is asked of it, it is unavailable."""
        self.server.broken = True


def engine_on(server: LiveKit, valkey_url: str, secret: str = SECRET) -> LiveKitEngine:
    """Our engine, calling the contract over HTTP."""
    transport = httpx.ASGITransport(server.app())
    return LiveKitEngine(
        httpx.AsyncClient(transport=transport, base_url="http://livekit.test"),
        URL,
        Key(KEY, secret),
        Redis.from_url(valkey_url),
        turn_urls=RELAYS,
        turn_secret=relay_process.SECRET,
    )


@asynccontextmanager
async def livekit_house(valkey_url: str, _place: Path) -> AsyncIterator[ContractHouse]:
    """An empty one."""
    server = LiveKit()
    house = ContractHouse(
        engine=engine_on(server, valkey_url),
        can=Can(carry=False, void=False),
        signalling=lambda: ContractSignalling(server),
        server=server,
    )
    await house.engine.ensure_room(house.room, RoomPolicy())
    try:
        yield house
    finally:
        await house.close()
