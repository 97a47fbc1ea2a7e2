"""One member over several sockets."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import cast
from uuid import UUID

import msgspec
from websockets.asyncio.server import ServerConnection

from consult.media.engine import Grants, Participant, Role
from consult.media.forward import messages as said
from consult.media.forward.directory import Directory
from consult.media.forward.room import Outside
from consult.media.forward.sessions import Sessions
from consult.media.tokens import TokenKey
from kernel.clock import SystemClock
from kernel.ids import new_id

ROOM, ME = UUID(int=1), UUID(int=2)
KEY, CLOCK = TokenKey(b"m" * 32), SystemClock()


class Anybody:
    """A directory that lets everybody in."""

    async def sent_out(self, _people: object) -> list[object]:
        return []

    async def holds(self, _room: UUID, _url: str) -> bool:
        return True

    async def burn(self, _jti: UUID) -> bool:
        return True


class Wire:
    """A socket that nothing more comes over, and that ends when the test says so."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.welcome = asyncio.Event()

    async def recv(self) -> bytes:
        token = KEY.sign(
            ROOM, Participant(ME, Role.LISTENER), Grants(frozenset()),
            limit=8, jti=new_id(), at=CLOCK.now() - timedelta(seconds=1),
        )  # fmt: skip
        return msgspec.json.encode(said.Join(token=token))

    async def send(self, _frame: str) -> None:
        self.welcome.set()

    async def close(self) -> None:
        """The other side hears nothing of it: the line is half open."""

    def __aiter__(self) -> Wire:
        return self

    async def __anext__(self) -> bytes:
        await self.over.wait()
        raise StopAsyncIteration


async def test_the_end_of_a_former_socket_is_not_the_end_of_the_one_they_have_now() -> None:
    outside = Outside(CLOCK, time.monotonic, lambda _event: None, str)
    sessions = Sessions("wss://media.test/1", KEY, cast(Directory, Anybody()), outside)
    wires = [Wire(), Wire()]
    serving = []
    for wire in wires:
        serving.append(asyncio.create_task(sessions.serve(cast(ServerConnection, wire))))
        await wire.welcome.wait()
    (member,) = sessions.rooms[ROOM].members.values()
    for wire, served, still in zip(wires, serving, (True, False), strict=True):
        wire.over.set()
        await served
        assert member.has_socket is still
