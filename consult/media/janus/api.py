"""Janus over its WebSocket: one session, handles of the VideoRoom plugin, requests with answers.

Janus answers a request at once, or acknowledges it and answers later with an event of the same
transaction; both look alike here. See https://janus.conf.meetecho.com/docs/rest.html and
https://janus.conf.meetecho.com/docs/videoroom.html.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from consult.media.errors import MediaUnavailable

PROTOCOL: Final = "janus-protocol"
PLUGIN: Final = "janus.plugin.videoroom"
ANSWER_S: Final = 5.0
CLOSING_S: Final = 1.0
"""Whoever does not answer is not waited for when they are left, either."""
ALIVE_S: Final = 20.0
"""A session that says nothing for a minute is ended by Janus."""

NO_SUCH_ROOM, ROOM_EXISTS, NO_SUCH_FEED, UNAUTHORISED = 426, 427, 428, 433
"""Error codes of the plugin."""


class JanusRefused(Exception):
    """Janus said no. `code` is the plugin's, or the core's."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Answer:
    """What the plugin said, and the description that came with it."""

    data: dict[str, Any]
    sdp: str | None = None


Heard = Callable[[Answer], None]


@dataclass(slots=True)
class Handle:
    """One attachment to the plugin: a publisher, a subscriber, or somebody who only asks."""

    session: Session
    number: int
    heard: Heard = field(default=lambda _answer: None)
    """Called with events that nobody asked for. Must not block."""

    async def request(self, sdp: tuple[str, str] | None = None, **body: Any) -> Answer:
        """Ask the plugin; its answer.

        Args:
            sdp: kind ("offer" or "answer") and text of a description to send along.
            body: the plugin's request.

        Raises:
            JanusRefused: it said no.
            MediaUnavailable: no answer.
        """
        message: dict[str, Any] = {"janus": "message", "handle_id": self.number, "body": body}
        if sdp is not None:
            message["jsep"] = {"type": sdp[0], "sdp": sdp[1]}
        return _read(await self.session.ask(message))

    async def detach(self) -> None:
        """Give it back; whoever was joined by it leaves."""
        with suppress(MediaUnavailable, JanusRefused):
            await self.session.ask({"janus": "detach", "handle_id": self.number})


class Session:
    """One socket and one session on it; made by `open_session`."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._number: int | None = None
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._handles: dict[int, Handle] = {}
        self._tasks = {asyncio.create_task(part) for part in (self._reads(), self._lives())}

    @property
    def over(self) -> bool:
        """The socket is gone, and with it all that was made over it."""
        return any(task.done() for task in self._tasks)

    async def begin(self) -> None:
        """Make the session."""
        answer = await self.ask({"janus": "create"})
        self._number = answer["data"]["id"]

    async def attach(self) -> Handle:
        """A new handle of the VideoRoom plugin."""
        answer = await self.ask({"janus": "attach", "plugin": PLUGIN})
        handle = Handle(self, answer["data"]["id"])
        self._handles[handle.number] = handle
        return handle

    async def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        """Send a message; what answers it."""
        transaction = token_hex(8)
        if self._number is not None:
            message["session_id"] = self._number
        future = asyncio.get_running_loop().create_future()
        self._waiting[transaction] = future
        try:
            async with asyncio.timeout(ANSWER_S):
                await self._socket.send(json.dumps(message | {"transaction": transaction}))
                answer: dict[str, Any] = await future
        except (TimeoutError, ConnectionClosed) as error:
            raise MediaUnavailable() from error
        finally:
            del self._waiting[transaction]
        return answer

    async def close(self) -> None:
        """End the session and the socket."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._socket.close()

    async def _lives(self) -> None:
        with suppress(ConnectionClosed):
            while True:
                await asyncio.sleep(ALIVE_S)
                alive = {"janus": "keepalive", "transaction": "alive", "session_id": self._number}
                await self._socket.send(json.dumps(alive))

    async def _reads(self) -> None:
        with suppress(ConnectionClosed):
            async for raw in self._socket:
                self._take(json.loads(raw))

    def _take(self, message: dict[str, Any]) -> None:
        if message["janus"] == "ack":
            return  # the answer is an event, later
        waiting = self._waiting.get(message.get("transaction", ""))
        if waiting is not None and not waiting.done():
            waiting.set_result(message)
        elif message["janus"] == "event" and message.get("sender") in self._handles:
            with suppress(JanusRefused):
                self._handles[message["sender"]].heard(_read(message))


async def open_session(url: str) -> Session:
    """Connect and begin.

    Raises:
        MediaUnavailable: there is no Janus at this address.
    """
    try:
        async with asyncio.timeout(ANSWER_S):
            socket = await connect(
                url, subprotocols=[Subprotocol(PROTOCOL)], close_timeout=CLOSING_S
            )
    except (OSError, TimeoutError, InvalidHandshake) as error:
        raise MediaUnavailable() from error
    session = Session(socket)
    try:
        await session.begin()
    except BaseException:
        # Whoever asks again opens another one: this one would be kept alive for nobody.
        await session.close()
        raise
    return session


def _read(message: dict[str, Any]) -> Answer:
    if message["janus"] == "error":
        raise JanusRefused(message["error"]["code"], message["error"]["reason"])
    data: dict[str, Any] = message.get("plugindata", {}).get("data", {})
    if "error_code" in data:
        raise JanusRefused(data["error_code"], data.get("error", ""))
    return Answer(data, message.get("jsep", {}).get("sdp"))
