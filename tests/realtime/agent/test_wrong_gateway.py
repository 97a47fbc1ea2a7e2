"""Whoever answers in the gateway's place: the agent records on, believes nothing, asks calmly."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from realtime import frames
from realtime.agent import link, uplink
from tests.realtime.agent.centre import Centre, Cuttable
from tests.realtime.agent.test_cuts import check, until
from tests.realtime.conftest import Site

Answer = Callable[[ServerConnection, Any], Awaitable[None]]
_PROTOCOL: Any = frames.PROTOCOL


async def garbage_texts(socket: ServerConnection, _message: Any) -> None:
    await socket.send("<html>login</html>")


async def garbage_bytes(socket: ServerConnection, _message: Any) -> None:
    await socket.send(b"\xde\xad\xbe\xef" * 9)


async def opened_far_ahead(socket: ServerConnection, message: Any) -> None:
    if isinstance(message, dict) and message["type"] == "open":
        opened = {"type": "opened", "stream": message["stream"], "next_seq": 10**6}
        await socket.send(json.dumps(opened))


async def acknowledges_what_was_not_sent(socket: ServerConnection, message: Any) -> None:
    if isinstance(message, dict) and message["type"] == "open":
        opened = {"type": "opened", "stream": message["stream"], "next_seq": 1}
        await socket.send(json.dumps(opened))
        await socket.send(frames.build_ack([(message["stream"], 10_000)]))


async def closes_what_runs(socket: ServerConnection, message: Any) -> None:
    if isinstance(message, dict) and message["type"] == "open":
        opened = {"type": "opened", "stream": message["stream"], "next_seq": 1}
        await socket.send(json.dumps(opened))
        await socket.send(json.dumps({"type": "closed", "stream": message["stream"]}))


async def opens_and_hangs_up(socket: ServerConnection, message: Any) -> None:
    if isinstance(message, dict) and message["type"] == "open":
        opened = {"type": "opened", "stream": message["stream"], "next_seq": 1}
        await socket.send(json.dumps(opened))
        await socket.close()


async def hangs_up(socket: ServerConnection, _message: Any) -> None:
    await socket.close()


async def never_acknowledges(socket: ServerConnection, message: Any) -> None:
    if isinstance(message, dict) and message["type"] == "open":
        opened = {"type": "opened", "stream": message["stream"], "next_seq": 1}
        await socket.send(json.dumps(opened))


async def says_nothing(_socket: ServerConnection, _message: Any) -> None:
    pass


class Impostor:
    """Listens where the gateway should."""

    def __init__(self, answer: Answer, redirect: str = "") -> None:
        self._answer, self._redirect = answer, redirect
        self.tries = 0
        self.port = 0

    async def __aenter__(self) -> Impostor:
        self._server = await serve(
            self._greet,
            "127.0.0.1",
            0,
            subprotocols=[_PROTOCOL],
            process_request=self._ask,
            close_timeout=0.2,
        )
        self.port = next(iter(self._server.sockets)).getsockname()[1]
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def asked(self, times: int) -> None:
        """Wait until so many have come."""
        await until(lambda: self.tries >= times)

    def _ask(self, socket: ServerConnection, _request: Request) -> Response | None:
        if not self._redirect:
            return None
        self.tries += 1
        response = socket.respond(HTTPStatus.FOUND, "")
        response.headers["Location"] = self._redirect
        return response

    async def _greet(self, socket: ServerConnection) -> None:
        self.tries += 1
        with contextlib.suppress(ConnectionClosed):
            async for data in socket:
                await self._answer(socket, data if isinstance(data, bytes) else json.loads(data))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits are a tenth of those in service."""
    monkeypatch.setattr(link, "FIRST_DELAY_S", 0.1)
    monkeypatch.setattr(link, "LONGEST_DELAY_S", 1.5)
    monkeypatch.setattr(uplink, "ANSWER_S", 0.5)


@pytest.fixture
async def cable(site: Site) -> AsyncIterator[Cuttable]:
    """A cable that leads to the gateway until a test says otherwise."""
    line = Cuttable(site.port)
    await line.start()
    yield line
    await line.stop()


IMPOSTORS: list[tuple[Answer, str]] = [
    (garbage_texts, "wrong"),
    (garbage_bytes, "wrong"),
    (opened_far_ahead, "wrong"),
    (acknowledges_what_was_not_sent, "wrong"),
    (closes_what_runs, "wrong"),
    (says_nothing, "wrong"),
    (opens_and_hangs_up, "connecting"),
    (hangs_up, "connecting"),
    (never_acknowledges, "connected"),
]


async def test_nothing_is_believed_nothing_lost_and_nobody_is_pressed(
    site: Site, cable: Cuttable, tmp_path: Path
) -> None:
    centre = Centre(tmp_path, cable.url, site.token)
    await centre.start()
    try:
        await centre.say(12)
        for answer, state in IMPOSTORS:
            await until(lambda: centre.settled)
            async with Impostor(answer) as impostor:
                cable.lead(impostor.port)
                await impostor.asked(1)
                await centre.say(5)
                seen = set()
                for _ in range(24):
                    await asyncio.sleep(0.05)
                    seen.add(centre.station.link.status.state)
                assert state in seen, answer
                # Doubling from a tenth of a second: five tries take more than 1.2 s.
                assert 1 <= impostor.tries <= 6, answer
                assert centre.unsent >= 5, answer
                cable.lead(site.port)
        await check(site, centre)
        assert centre.station.keeper.given_up == 0
    finally:
        await centre.stop()


async def test_a_portal_that_sends_us_elsewhere_is_not_followed(
    site: Site, cable: Cuttable, tmp_path: Path
) -> None:
    centre = Centre(tmp_path, cable.url, site.token)
    await centre.start()
    try:
        async with Impostor(says_nothing) as elsewhere:
            for where in ("http://portal.invalid/login", f"ws://127.0.0.1:{elsewhere.port}/", "/"):
                async with Impostor(says_nothing, where) as portal:
                    cable.lead(portal.port)
                    await centre.say(6)
                    await portal.asked(2)
                    assert centre.station.link.status.state == "refused"
            assert elsewhere.tries == 0
        cable.lead(site.port)
        await check(site, centre)
    finally:
        await centre.stop()


async def test_a_token_that_cannot_be_one_ends_nothing(
    site: Site, cable: Cuttable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "TOKEN_EVERY_S", 0.1)
    centre = Centre(tmp_path, cable.url, "wrong-token")
    await centre.start()
    try:
        await centre.say(12)
        for token in ("", "  \n", "two\nlines", "ü", "\x00", "wrong-too"):
            centre.token.write_text(token)
            await asyncio.sleep(0.3)
            assert centre.station.link.status.state == "refused"
        centre.token.write_text("\ufeff" + site.token + "\r\n")  # as Notepad writes it
        await check(site, centre)
    finally:
        await centre.stop()


async def test_a_token_revoked_while_running_loses_nothing(
    site: Site, cable: Cuttable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "TOKEN_EVERY_S", 0.1)
    centre = Centre(tmp_path, cable.url, site.token)
    await centre.start()
    try:
        await centre.say(12)
        await until(lambda: centre.settled)
        await site.fetch(
            "UPDATE ctg_device SET token_hash = sha256('another') WHERE kind = 'agent'"
        )
        await until(lambda: centre.station.link.status.state == "refused")
        await centre.say(10)
        assert centre.unsent >= 10
        centre.token.write_text("another")
        await check(site, centre)
    finally:
        await centre.stop()


async def test_an_authority_that_is_none_ends_nothing(site: Site, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    head = 'ca_file = "ca.pem"\n'
    centre = Centre(tmp_path, "wss://127.0.0.1:1", site.token, head=head)
    await centre.start()
    try:
        await centre.say(12)
        await until(lambda: centre.station.link.status.detail == "SSLError")
        assert centre.unsent == 12
    finally:
        await centre.stop()


async def test_the_cap_on_the_line_is_kept_while_much_waits(
    site: Site, cable: Cuttable, tmp_path: Path
) -> None:
    centre = Centre(tmp_path, cable.url, site.token, head="max_kbit_per_s = 16\n")
    cable.cut()
    await centre.start()
    try:
        await centre.say(120)
        cable.mend()
        await until(lambda: centre.station.link.status.state == "connected")
        await asyncio.sleep(0.2)  # handshake and opening are behind
        before, began = cable.sent, asyncio.get_running_loop().time()
        await until(lambda: centre.settled)
        lasted_s = asyncio.get_running_loop().time() - began
        assert lasted_s > 3
        # 2,000 bytes a second, and the one second's worth that may wait in the bucket.
        assert cable.sent - before <= 2_000 * (lasted_s + 1)
        await check(site, centre)
    finally:
        await centre.stop()
