"""Relays' passwords with a real coturn: ours open a relay, nobody else's do."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
from aioice.stun import TransactionFailed
from aioice.turn import create_turn_endpoint

from consult.media.engine import IceServer
from consult.media.tokens import TURN_TTL, turn_servers
from kernel.clock import SystemClock
from tests.fixtures.ports import free_port

SECRET: Final = "only the relay and serve know it"
REFUSED: Final = 401


class Relay:
    """A coturn as docs/video.md tells operators to run one, on the loopback."""

    def __init__(self, place: Path) -> None:
        self.port = free_port()
        self.url = f"turn:127.0.0.1:{self.port}"
        written = {
            "listening-ip": "127.0.0.1",
            "relay-ip": "127.0.0.1",
            "listening-port": self.port,
            "static-auth-secret": SECRET,
            "realm": "yunshang",
            "log-file": place / "turn.log",
            "pidfile": place / "turn.pid",
            "userdb": place / "turn.db",
        }
        lines = [f"{name}={value}" for name, value in written.items()]
        lines += ["use-auth-secret", "no-tls", "no-dtls", "no-cli", "allow-loopback-peers"]
        config = place / "turn.conf"
        config.write_text("\n".join(lines))
        command = ["turnserver", "-c", str(config), "--no-stdout-log"]
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
        )

    async def ready(self) -> None:
        """Until it listens."""
        async with asyncio.timeout(20):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    await asyncio.sleep(0.05)
                    continue
                writer.close()
                return

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()


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


async def _allocated(relay: Relay, server: IceServer) -> tuple[str, int]:
    """The address that is relayed for whoever shows these words."""
    transport, _ = await create_turn_endpoint(
        asyncio.DatagramProtocol,
        server_addr=("127.0.0.1", relay.port),
        username=server.username,
        password=server.credential,
    )
    try:
        address: tuple[str, int] = transport.get_extra_info("sockname")
        return address
    finally:
        transport.close()


async def test_our_password_opens_a_relay_until_its_ten_minutes_are_over(relay: Relay) -> None:
    now = SystemClock().now()
    for at in (now, now - TURN_TTL + timedelta(seconds=20)):
        host, port = await _allocated(relay, _given(relay, at))
        assert (host, port > 1024) == ("127.0.0.1", True)
    expired = _given(relay, now - TURN_TTL - timedelta(seconds=2))
    longer = IceServer(
        expired.urls, f"{int((now + TURN_TTL).timestamp())}:{uuid4()}", expired.credential
    )
    foreign = _given(relay, now, "another house's secret")
    for server in (expired, longer, foreign):
        with pytest.raises(TransactionFailed) as refused:
            await _allocated(relay, server)
        assert refused.value.response.attributes["ERROR-CODE"][0] == REFUSED
