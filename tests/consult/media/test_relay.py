"""A real coturn as the docs tell to run it: our passwords open it, it leads to workers alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, cast
from uuid import uuid4

import pytest
from aioice.stun import TransactionFailed
from aioice.turn import TurnTransport, create_turn_endpoint

from consult.media.engine import IceServer
from consult.media.tokens import TURN_TTL, turn_servers
from kernel.clock import SystemClock
from tests.consult.media.peers.relay_process import HOST, SECRET, Relay, told

REFUSED: Final = 401
FORBIDDEN: Final = 403
QUOTA_REACHED: Final = 486
ELSEWHERE: Final = (
    "10.0.0.1", "172.16.3.4", "192.168.1.1", "100.64.0.1",  # within a hospital
    "127.0.0.2", "127.255.255.254",  # what listens beside the relay
    "169.254.169.254", "8.8.8.8",
)  # fmt: skip


@pytest.fixture
async def relay(tmp_path: Path) -> AsyncIterator[Relay]:
    """One that answers."""
    made = Relay(tmp_path)
    try:
        await made.ready()
        yield made
    finally:
        made.stop()


def _given(relay: Relay, at: datetime, secret: str = SECRET) -> IceServer:
    (server,) = turn_servers([relay.url], secret, uuid4(), at)
    return server


class Peer(asyncio.DatagramProtocol):
    """What is heard through a relay, and what the relay would not do."""

    def __init__(self) -> None:
        self.refused: asyncio.Queue[Exception] = asyncio.Queue()
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.heard.put_nowait(data)

    def error_received(self, exc: Exception) -> None:
        self.refused.put_nowait(exc)


@asynccontextmanager
async def _allocation(relay: Relay, server: IceServer) -> AsyncIterator[tuple[TurnTransport, Peer]]:
    transport, peer = await create_turn_endpoint(
        Peer,
        server_addr=(HOST, relay.port),
        username=server.username,
        password=server.credential,
    )
    try:
        yield transport, peer
    finally:
        transport.close()


async def _allocated(relay: Relay, server: IceServer) -> tuple[str, int]:
    """The address that is relayed for whoever shows these words."""
    async with _allocation(relay, server) as (transport, _):
        address: tuple[str, int] = transport.get_extra_info("sockname")
        return address


def _code(refused: BaseException) -> int:
    assert isinstance(refused, TransactionFailed)
    code: int = refused.response.attributes["ERROR-CODE"][0]
    return code


async def test_our_password_opens_a_relay_until_its_ten_minutes_are_over(relay: Relay) -> None:
    now = SystemClock().now()
    for at in (now, now - TURN_TTL + timedelta(seconds=20)):
        host, port = await _allocated(relay, _given(relay, at))
        assert (host, port > 1024) == (HOST, True)
    expired = _given(relay, now - TURN_TTL - timedelta(seconds=2))
    longer = IceServer(
        expired.urls, f"{int((now + TURN_TTL).timestamp())}:{uuid4()}", expired.credential
    )
    foreign = _given(relay, now, "another house's secret")
    for server in (expired, longer, foreign):
        with pytest.raises(TransactionFailed) as refused:
            await _allocated(relay, server)
        assert _code(refused.value) == REFUSED


async def test_through_it_workers_are_reached_and_nobody_else(relay: Relay) -> None:
    loop = asyncio.get_running_loop()
    worker, _ = await loop.create_datagram_endpoint(Echo, local_addr=(HOST, 0))
    async with _allocation(relay, _given(relay, SystemClock().now())) as (transport, peer):
        for host in ELSEWHERE:
            transport.sendto(b"?", (host, 80))
            assert _code(await asyncio.wait_for(peer.refused.get(), 5)) == FORBIDDEN, host
        transport.sendto(b"media", worker.get_extra_info("sockname"))
        assert await asyncio.wait_for(peer.heard.get(), 5) == b"media"
    worker.close()


async def test_one_participant_opens_so_many_and_no_more(relay: Relay) -> None:
    (quota,) = [int(line.partition("=")[2]) for line in told() if line.startswith("user-quota")]
    mine = _given(relay, SystemClock().now())
    async with AsyncExitStack() as stack:
        for _ in range(quota):
            await stack.enter_async_context(_allocation(relay, mine))
        with pytest.raises(TransactionFailed) as refused:
            await stack.enter_async_context(_allocation(relay, mine))
        assert _code(refused.value) == QUOTA_REACHED
        await stack.enter_async_context(_allocation(relay, _given(relay, SystemClock().now())))


class Echo(asyncio.DatagramProtocol):
    """Answers with what it hears."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.transport.sendto(data, addr)
