"""Messages of any size arrive whole, however slowly somebody reads."""

from __future__ import annotations

import asyncio
import random

import uvloop
from picows import WSTransport
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from realtime.gateway.door import Doors, Pass, Request
from realtime.gateway.socketry import MessageListener

SIZES = (40_968, 3_928, 60, 9_000, 70_000, 8_192, 8_193)
TURNS = 40
"""Beyond what the kernel takes at once, so that most of it waits in the gateway."""


def messages() -> list[bytes]:
    """All that is said, none like another."""
    dice = random.Random(7)
    return [dice.randbytes(size) for _ in range(TURNS) for size in SIZES]


class Talker(MessageListener):
    """Says everything as soon as somebody is there."""

    def on_ws_connected(self, transport: WSTransport) -> None:
        super().on_ws_connected(transport)
        for message in messages():
            self.send_binary(message)


async def hear() -> list[bytes]:
    """Come through the door and listen, but not at once."""

    async def decide(_request: Request) -> Pass:
        return Pass("talk", Talker(1_024), 1_024)

    server = await asyncio.get_running_loop().create_server(Doors(decide), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        async with connect(
            f"ws://127.0.0.1:{port}/",
            subprotocols=[Subprotocol("talk")],
            compression=None,
            max_size=None,
            max_queue=1,
        ) as socket:
            return [bytes(await socket.recv(decode=False)) for _ in messages()]
    finally:
        server.close()
        await server.wait_closed()


def test_every_message_arrives_whole_however_slowly_it_is_read() -> None:
    # The loop of the gateway's process: asyncio's own copies what it is given.
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(hear()) == messages()
