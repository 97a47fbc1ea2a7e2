"""The door: reads one HTTP head, decides who may pass, then hands the socket to picows.

picows decides synchronously, but asking the database takes a moment; so the head is read here, the
answer awaited, and the very same bytes are then replayed into picows' protocol.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, cast

import msgspec
from picows import (
    WSAutoPingStrategy,
    WSListener,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
)
from picows.picows import WSProtocol  # type: ignore[attr-defined, unused-ignore]

MAX_HEAD_BYTES: Final = 8_192
HEAD_TIMEOUT_S: Final = 5.0
MAX_WAITING: Final = 512
"""Handshakes decided at the same time; further ones are told to come back."""
MAX_OUTSIDE: Final = 2_048
"""Connections that are not decided yet, their heads unread or waiting; further ones are cut."""
READ_BUFFER_BYTES: Final = 2_048
"""What a connection reads into at first; it grows with what comes. A second of 20 monitors fits."""
ACCEPT_PER_S: Final = 1_000
"""Handshakes begun per second: a region that comes back at once must not starve who is here."""

_picows_log = logging.getLogger("picows.server")
_picows_log.setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class Request:
    """A parsed HTTP head; header names are lower case, repeated ones joined by commas."""

    method: str
    path: str
    query: str
    headers: dict[str, str]

    def offers(self, protocol: str) -> bool:
        """Whether the client offers this WebSocket subprotocol."""
        offered = self.headers.get("sec-websocket-protocol", "")
        return protocol in (part.strip() for part in offered.split(","))


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer over HTTP and close."""

    status: HTTPStatus
    code: str
    body: bytes | None = None
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Pass:
    """Become a WebSocket that speaks `protocol`."""

    protocol: str
    listener: WSListener
    max_frame_bytes: int
    pinged: bool = True
    """By picows, when it has said nothing for a while; senders are by `Idle`."""


Decide = Callable[[Request], Awaitable[Refuse | Pass]]


class BadHead(Exception):
    """Not an HTTP request."""


def parse_head(head: bytes) -> Request:
    """Parse a request line and headers; raise `BadHead`."""
    try:
        lines = head.decode("latin-1").split("\r\n")
        method, target, version = lines[0].split(" ")
    except ValueError as error:
        raise BadHead from error
    if version not in {"HTTP/1.1", "HTTP/1.0"} or not target.startswith("/"):
        raise BadHead
    headers: dict[str, str] = {}
    for line in lines[1:]:
        if not line:
            break
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise BadHead
        key, value = name.lower(), value.strip()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    path, _, query = target.partition("?")
    return Request(method, path, query, headers)


class Doors:
    """Counts who stands outside and whose handshake waits, and keeps their tasks alive."""

    def __init__(self, decide: Decide) -> None:
        self.decide = decide
        self.outside = 0
        self._next_at = 0.0
        self.tasks: set[asyncio.Task[None]] = set()

    async def turn(self) -> None:
        """Wait for one's turn at the door."""
        now = asyncio.get_running_loop().time()
        at = max(now, self._next_at)
        self._next_at = at + 1 / ACCEPT_PER_S
        if at > now:
            await asyncio.sleep(at - now)

    def __call__(self) -> Door:
        return Door(self)


class Door(asyncio.Protocol):
    """One connection until it is decided."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._head = bytearray()
        self._transport: asyncio.Transport | None = None
        self._timeout: asyncio.TimerHandle | None = None
        self._deciding = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do not inherit from asyncio's, so this cannot be asserted.
        stream = cast("asyncio.Transport", transport)
        self._transport = stream
        self._doors.outside += 1
        if self._doors.outside > MAX_OUTSIDE:
            stream.abort()
            return
        loop = asyncio.get_running_loop()
        self._timeout = loop.call_later(HEAD_TIMEOUT_S, stream.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._doors.outside -= 1
        if self._timeout is not None:
            self._timeout.cancel()

    def data_received(self, data: bytes) -> None:
        self._head += data
        if self._deciding:
            # Early frames after the head wait for the decision, within the same bound.
            if len(self._head) > MAX_HEAD_BYTES:
                self._answer(Refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "ctg.head_too_big"))
            return
        end = self._head.find(b"\r\n\r\n")
        if end < 0:
            if len(self._head) > MAX_HEAD_BYTES:
                self._answer(Refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "ctg.head_too_big"))
            return
        self._deciding = True
        try:
            request = parse_head(bytes(self._head[:end]))
        except BadHead:
            self._answer(Refuse(HTTPStatus.BAD_REQUEST, "ctg.request_malformed"))
            return
        if len(self._doors.tasks) >= MAX_WAITING:
            self._answer(Refuse(HTTPStatus.SERVICE_UNAVAILABLE, "ctg.busy"))
            return
        task = asyncio.get_running_loop().create_task(self._decide(request))
        self._doors.tasks.add(task)
        task.add_done_callback(self._doors.tasks.discard)

    async def _decide(self, request: Request) -> None:
        await self._doors.turn()
        answer = await self._doors.decide(request)
        if self._transport is None or self._transport.is_closing():
            return
        if isinstance(answer, Pass):
            self._hand_over(answer)
        else:
            self._answer(answer)

    def _answer(self, refusal: Refuse) -> None:
        if self._transport is None:
            return
        body = refusal.body or msgspec.json.encode({"code": refusal.code})
        status = refusal.status
        self._transport.write(
            f"HTTP/1.1 {status.value} {status.phrase}\r\n"
            f"Content-Type: {refusal.content_type}\r\nCache-Control: no-store\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
            + body
        )
        self._transport.close()

    def _hand_over(self, answer: Pass) -> None:
        transport = self._transport
        assert transport is not None  # noqa: S101 - checked by the caller
        self._doors.outside -= 1  # from here on the connection's end is picows' to hear
        if self._timeout is not None:
            self._timeout.cancel()

        def listener(_request: Any) -> WSUpgradeResponseWithListener:
            response = WSUpgradeResponse.create_101_response(
                {"Sec-WebSocket-Protocol": answer.protocol}
            )
            return WSUpgradeResponseWithListener(response, answer.listener)

        protocol: Any = WSProtocol(
            None, None, False, listener, _picows_log,
            True, HEAD_TIMEOUT_S,
            answer.pinged, 20.0, 20.0, WSAutoPingStrategy.PING_WHEN_IDLE, True,
            answer.max_frame_bytes, None, READ_BUFFER_BYTES,
        )  # fmt: skip
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        _replay(protocol, bytes(self._head))


def _replay(protocol: Any, data: bytes) -> None:
    """Feed bytes that have been read already into a buffered protocol."""
    view = memoryview(data)
    with contextlib.suppress(ConnectionError):
        while view:
            buffer = protocol.get_buffer(-1)
            size = min(len(buffer), len(view))
            buffer[:size] = view[:size]
            protocol.buffer_updated(size)
            view = view[size:]
