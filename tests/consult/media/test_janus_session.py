"""A session with a Janus that does not answer leaves nothing behind."""

import asyncio

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from consult.media.errors import MediaUnavailable
from consult.media.janus import api


async def test_a_session_that_janus_does_not_begin_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(api, "ANSWER_S", 0.2)
    left: asyncio.Queue[None] = asyncio.Queue()

    async def says_nothing(socket: ServerConnection) -> None:
        await socket.wait_closed()
        left.put_nowait(None)

    before = asyncio.all_tasks()
    async with serve(
        says_nothing, "127.0.0.1", 0, subprotocols=[Subprotocol(api.PROTOCOL)]
    ) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        with pytest.raises(MediaUnavailable):
            await api.open_session(f"ws://127.0.0.1:{port}")
        async with asyncio.timeout(10):
            await left.get()
    ours = [one for one in asyncio.all_tasks() - before if "Session" in repr(one.get_coro())]
    assert ours == []
