"""`/api/stream`: the browser's one socket.

Who may open it is decided before (server/security.py: session cookie, exact Origin). Sessions
with the database are opened inside, for moments; nothing is held while a browser is silent.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
import structlog
from litestar import Litestar, Router, WebSocket, websocket
from litestar.exceptions import WebSocketDisconnect, WebSocketException

from duty.escalation import service as pages
from duty.notify import inbox
from duty.rosters import presence
from kernel.access import ANY, OPT
from kernel.clock import Clock
from kernel.database import Database
from kernel.errors import Refusal, Unavailable
from kernel.ids import PageId
from kernel.viewer import Viewer
from realtime.hub import Hub
from realtime.hub_connection import PING, PONG, Closed, Connection
from registry.people import cookie, sessions
from registry.people.installation import policy_of

log = structlog.get_logger()

HELLO_S = 5.0
SILENT_S = 6.0
"""After so much silence we ask: a hidden tab's own timers may be slowed to one a minute."""

DEAD_S = 15.0
RECHECK_S = 60.0
MAX_PER_SECOND = 50

Socket = WebSocket[Any, Any, Any]


DeviceName = Annotated[str, msgspec.Meta(max_length=80, pattern=r"\A[^\x00-\x1f\x7f]*\Z")]
"""Presence of everybody is written in one statement: one name that no column takes stops it."""


class Hello(msgspec.Struct, frozen=True, tag_field="type", tag="hello"):
    """First message: the last item handled (null: begin with the newest)."""

    offset: int | None = None
    visible: bool = True
    device_id: DeviceName | None = None


class Receipt(msgspec.Struct, frozen=True, tag_field="type", tag="receipt"):
    """This device got, or its owner saw, a page."""

    page_id: PageId
    state: Literal["delivered", "seen"]


class Time(msgspec.Struct, frozen=True, tag_field="type", tag="time"):
    """Clock exchange: the browser's time in milliseconds, given back unchanged."""

    t1: float


class Ping(msgspec.Struct, frozen=True, tag_field="type", tag="ping"):
    """Are you there?"""


class Pong(msgspec.Struct, frozen=True, tag_field="type", tag="pong"):
    """I am here."""


class Welcome(msgspec.Struct, frozen=True, tag_field="type", tag="welcome"):
    """The newest item's number and the server's clock."""

    offset: int
    server_time: datetime


class TimeReply(msgspec.Struct, frozen=True, tag_field="type", tag="time"):
    """All three in milliseconds since 1970: theirs, received here, sent here."""

    t1: float
    t2: float
    t3: float


class Refused(msgspec.Struct, frozen=True, tag_field="type", tag="refused"):
    """What was asked is not possible; the connection goes on."""

    code: str


Incoming = Hello | Receipt | Time | Ping | Pong
_decode = msgspec.json.Decoder(Incoming).decode
_encode = msgspec.json.encode


@websocket("/stream", opt={OPT: ANY})
async def stream(socket: Socket) -> None:
    """Serve one browser until either side ends it."""
    await socket.accept()
    viewer: Viewer = socket.scope["state"]["viewer"]
    hub: Hub = socket.app.state.hub
    try:
        connection, welcome = await _greet(socket, viewer)
        # Before the welcome: what the browser then fetches is older than every hint it is told.
        hub.add(connection)
        try:
            await _bounded_send(socket, _encode(welcome))
            code = await _serve(socket, hub, connection)
        finally:
            hub.remove(connection)
    except Closed as closed:
        code = closed.code
    except WebSocketDisconnect:
        return
    with suppress(Exception):
        async with asyncio.timeout(1):
            await socket.close(code=code)


async def _greet(socket: Socket, viewer: Viewer) -> tuple[Connection, Welcome]:
    hello = await _read(socket, HELLO_S)
    if not isinstance(hello, Hello):
        raise Closed(4400)
    try:
        database: Database = socket.app.state.database
        async with database.session(viewer) as session:
            latest = await inbox.latest(session, viewer.person_id)
    except Unavailable:
        raise Closed(1013) from None
    offset = latest if hello.offset is None else max(0, hello.offset)
    clock: Clock = socket.app.state.clock
    connection = Connection(
        viewer,
        # A device may remember more than a restored server has.
        offset=min(offset, latest),
        device_id=hello.device_id or f"browser-{viewer.session_id}",
        send=lambda frame: socket.send_data(frame.decode(), mode="text"),
    )
    return connection, Welcome(latest, clock.now())


async def _serve(socket: Socket, hub: Hub, connection: Connection) -> int:
    """Run the connection's three tasks until the first of them ends; its close code."""
    tasks = [
        asyncio.create_task(connection.pump(hub.fetch, hub.note_pushed)),
        asyncio.create_task(_listen(socket, connection)),
        asyncio.create_task(_watch_session(socket, hub, connection)),
    ]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    error = next(iter(done)).exception()
    if isinstance(error, Closed):
        return error.code
    if isinstance(error, WebSocketDisconnect):
        raise error
    log.error("stream.failed", exc_info=error)
    return 1011


async def _listen(socket: Socket, connection: Connection) -> None:
    """Take what the browser says. Ends by raising: gone, silent, or talking nonsense."""
    loop = asyncio.get_running_loop()
    window, count = loop.time(), 0
    while True:
        message = await _read_or_ask(socket, connection)
        if loop.time() - window > 1:
            window, count = loop.time(), 0
        count += 1
        if count > MAX_PER_SECOND:
            raise Closed(1008)
        await _answer(socket, connection, message)


async def _read_or_ask(socket: Socket, connection: Connection) -> Incoming:
    reading = asyncio.ensure_future(_read(socket, DEAD_S))
    try:
        done, _ = await asyncio.wait({reading}, timeout=SILENT_S)
        if not done:
            connection.reply(PING)
        return await reading
    finally:
        reading.cancel()


async def _answer(socket: Socket, connection: Connection, message: Incoming) -> None:
    clock: Clock = socket.app.state.clock
    if isinstance(message, Ping):
        connection.reply(PONG)
    elif isinstance(message, Time):
        received = clock.now().timestamp() * 1000
        sent = clock.now().timestamp() * 1000
        connection.reply(_encode(TimeReply(message.t1, received, sent)))
    elif isinstance(message, Receipt):
        await _receipt(socket, connection, message)


async def _receipt(socket: Socket, connection: Connection, message: Receipt) -> None:
    database: Database = socket.app.state.database
    viewer = connection.viewer
    try:
        async with database.session(viewer) as session:
            await pages.receipt(
                session, socket.app.state.clock, viewer, message.page_id, message.state
            )
    except Refusal as refusal:
        # The browser keeps unsent receipts and repeats them after a cut; this one is answered.
        connection.reply(_encode(Refused(refusal.code)))


async def _watch_session(socket: Socket, hub: Hub, connection: Connection) -> None:
    """Ask every minute whether the login still stands; a signed-on device keeps it alive."""
    while True:
        await hub.recheck_due(RECHECK_S)
        with suppress(Unavailable):
            viewer = await _still_valid(socket, connection)
            if viewer is None:
                connection.bye("session_ended")
                await asyncio.sleep(DEAD_S)
                raise Closed(4401)
            connection.viewer = viewer


async def _still_valid(socket: Socket, connection: Connection) -> Viewer | None:
    """The session's present viewer (roles may have changed), or None.

    Whoever signed on for duty stays reachable: an open socket counts as activity for them alone,
    for everybody else an idle login ends (GB/T 22239-2019 §8.1.4.1 b).
    """
    state = socket.app.state
    at = state.clock.now()
    token = socket.cookies.get(cookie.NAME, "")
    database: Database = state.database
    async with database.session(sessions.ANONYMOUS) as session:
        known = await sessions.find(
            session, token, at, policy_of(state.settings), demo=state.settings.demo
        )
        if known is None:
            return None
        if known.touch and known.viewer.session_id is not None:
            here = await presence.reach(session, [known.viewer.person_id])
            if any(one.signed_on for one in here.values()):
                await sessions.touch(session, known.viewer.session_id, at)
        return known.viewer


async def _read(socket: Socket, within_s: float) -> Incoming:
    try:
        async with asyncio.timeout(within_s):
            raw = await socket.receive_data(mode="text")
        message: Incoming = _decode(raw)
    except TimeoutError:
        raise Closed(4408) from None
    except WebSocketDisconnect:
        raise
    except (msgspec.DecodeError, RecursionError, WebSocketException):
        raise Closed(4400) from None
    return message


async def _bounded_send(socket: Socket, frame: bytes) -> None:
    try:
        async with asyncio.timeout(5):
            await socket.send_data(frame.decode(), mode="text")
    except TimeoutError:
        raise Closed(4408) from None


@asynccontextmanager
async def hub_lifespan(app: Litestar) -> AsyncIterator[None]:
    """Run the hub while the application serves; `app.state.hub` is what sockets register with."""
    settings = app.state.settings
    app.state.hub = Hub(app.state.database, app.state.clock, valkey_url=settings.valkey_url)
    task = asyncio.create_task(app.state.hub.run(), name="hub")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


router = Router("/", route_handlers=[stream])
