"""The simulator as a server: providers' paths, a control endpoint, and the page with the phones.

It listens on this machine only. Writes need a JSON content type, which no foreign page can send
without asking first.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import uvicorn

from duty.notify.providers.file import Providers, Simulator
from duty.notify.simulator import aliyun, chat, tencent
from duty.notify.simulator.behaviour import Rule
from duty.notify.simulator.exchange import Exchange, Request, Response, as_json
from duty.notify.simulator.reports import Reports
from duty.notify.simulator.smtp import Smtp
from kernel.clock import Clock

HOST = "127.0.0.1"
DRIP_S = 0.05
NOT_FOUND = Response(404, b"")

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Scope = MutableMapping[str, Any]


class Press(msgspec.Struct, frozen=True):
    """A key on a phone: 1, 2, 3, `hang_up` or `no_answer`."""

    no: int
    key: str


class Reply(msgspec.Struct, frozen=True):
    """An SMS back to where the item came from."""

    no: int
    text: str


class Desk:
    """The ASGI application."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One HTTP request."""
        if scope["type"] != "http":
            return
        request = await _read(scope, receive)
        response = await self._answer(request)
        named = {"content-type": response.content_type, **response.headers}
        headers = [(name.encode(), value.encode()) for name, value in named.items()]
        start = {"type": "http.response.start", "status": response.status, "headers": headers}
        await send(start)
        if response.slow:
            await _drip(request, response.body, send)
        await send({"type": "http.response.body", "body": response.body})

    async def _answer(self, request: Request) -> Response:
        path = request.path
        if path == "/" and "x-acs-action" in request.headers:
            return await aliyun.answer(self._exchange, request)
        if path == "/" and "x-tc-action" in request.headers:
            return await tencent.answer(self._exchange, request)
        if path == "/" and request.method == "GET":
            page = Path(__file__).with_name("phones.html").read_bytes()
            return Response(200, page, "text/html; charset=utf-8")
        if path == "/state":
            return self._state(request)
        if path.startswith("/control/"):
            return self._control(path.removeprefix("/control/"), request)
        return await chat.answer(self._exchange, request) or NOT_FOUND

    def _state(self, request: Request) -> Response:
        phones = self._exchange.phones
        if request.query.get("seen") == str(phones.changes):
            return as_json({"changes": phones.changes})
        return as_json({"changes": phones.changes, "items": list(phones.items)})

    def _control(self, what: str, request: Request) -> Response:
        exchange = self._exchange
        if request.method == "GET" and what == "rules":
            return as_json(exchange.behaviour.rules)
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return as_json({"error": "content type"}, 415)
        try:
            if what == "rules":
                exchange.behaviour.set(msgspec.json.decode(request.body, type=list[Rule]))
            elif what == "press":
                press = msgspec.json.decode(request.body, type=Press)
                item = exchange.phones.find(press.no)
                return as_json({"done": item is not None and exchange.press(item, press.key)})
            elif what == "reply":
                reply = msgspec.json.decode(request.body, type=Reply)
                if (found := exchange.phones.find(reply.no)) is not None:
                    exchange.reply(found, reply.text)
            elif what == "expire-tokens":
                exchange.tokens.clear()
            else:
                return NOT_FOUND
        except msgspec.DecodeError as error:
            return as_json({"error": str(error)}, 400)
        return as_json({"done": True})


async def _drip(request: Request, part: bytes, send: Send) -> None:
    gone = asyncio.ensure_future(request.gone())
    while not gone.done():
        await send({"type": "http.response.body", "body": part, "more_body": True})
        await asyncio.wait([gone], timeout=DRIP_S)


async def _read(scope: Scope, receive: Receive) -> Request:
    body = b""
    while True:
        part = await receive()
        body += part.get("body", b"")
        if part["type"] == "http.disconnect" or not part.get("more_body"):
            break

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = scope["query_string"].decode("ascii", "replace")
    return Request(scope["method"], scope["path"], query, headers, body, gone)


@asynccontextmanager
async def running(contracts: Providers, clock: Clock) -> AsyncIterator[Exchange]:
    """The simulator, as long as the block lasts; `contracts.simulator` names its ports.

    Raises:
        ValueError: the contracts name no simulator.
    """
    where = contracts.simulator
    if where is None:
        raise ValueError("the providers file has no [simulator]")
    secret = "" if contracts.callbacks is None else contracts.callbacks.secret
    exchange = Exchange(contracts, clock, Reports(where.target, secret, clock))
    mail = await _smtp(exchange, contracts, where)
    config = uvicorn.Config(
        Desk(exchange),
        host=HOST,
        port=where.port,
        lifespan="off",
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=1,
        server_header=False,
    )
    server = _Server(config)
    # Listening before it serves: whoever connects already is kept waiting, not refused.
    listening = socket.create_server((HOST, where.port))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield exchange
    finally:
        server.should_exit = True
        await asyncio.gather(serving, return_exceptions=True)
        if mail is not None:
            mail.close()
        await exchange.reports.close()


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: whoever runs us ends us."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _smtp(
    exchange: Exchange, contracts: Providers, where: Simulator
) -> asyncio.Server | None:
    if contracts.email is None:
        return None
    smtp = Smtp(exchange, contracts.email)
    return await asyncio.start_server(smtp.serve, HOST, where.smtp_port)
