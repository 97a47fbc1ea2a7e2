"""The connection to the gateway, made again for ever; a thin shell around the uplink.

Token files are read again while it runs: when the token changes, the connection is made anew with
it, and nothing is lost, because nothing leaves the buffer before it is acknowledged.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.frames import CloseCode

from realtime import frames
from realtime.agent.buffer import Full
from realtime.agent.keeper import Keeper
from realtime.agent.pace import Pace
from realtime.agent.uplink import Acked, ClockRead, Closed, Event, Opened, Refused, Wrong

log = structlog.get_logger()

CLOCK_EVERY_S: Final = 60.0
PING_S: Final = 5.0
PONG_WITHIN_S: Final = 10.0
"""A half-open connection is found out within fifteen seconds."""
TOKEN_EVERY_S: Final = 2.0
IDLE_S: Final = 0.25
FIRST_DELAY_S: Final = 1.0
LONGEST_DELAY_S: Final = 15.0
LASTING_S: Final = 60.0
"""A connection that held for so long was a good one, though it had nothing to take."""
_PROTOCOL: Any = frames.PROTOCOL


@dataclass(slots=True)
class LinkState:
    """What the status page says about the connection."""

    state: str = "connecting"
    """connecting, connected, refused or wrong (the other end does not speak the protocol)."""
    detail: str = ""
    since_s: float = 0.0
    connections: int = 0
    conflicts: int = 0
    acked_s: float | None = None
    """When something was acknowledged last, by `time.monotonic`."""
    acked: dict[str, float] = field(default_factory=dict)
    """The same for each monitor, by its serial number."""
    clock: ClockRead | None = None


class Straight(connect):
    """A connection to the address that was configured, and to no other.

    Whoever answers with another address is a portal that wants a login, not the gateway; the
    library would keep to that address for ever.
    """

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class TokenChanged(Exception):
    """Connect again with the new token."""


def delays() -> Generator[float]:
    """Seconds before each new try: doubling to 15, each with a random half, so that a region's
    centres do not come back in step."""
    longest = FIRST_DELAY_S
    while True:
        yield longest * (0.5 + random.random() / 2)  # noqa: S311 - not a secret
        longest = min(LONGEST_DELAY_S, longest * 2)


class Link:
    """One connection.

    Args:
        gateway: `wss://host`, without a path.
        token_file: file with the bearer token, read again when it changes.
        keeper: what there is to send.
        pace: the cap.
        ca_file: trusted authority besides the system's; empty for none.
        on_clock: told each result of a clock exchange.
        on_opened: told each recording that the gateway takes.
        wall_ns: the clock that stamps the seconds, which may jump.
    """

    def __init__(
        self,
        gateway: str,
        token_file: Path,
        keeper: Keeper,
        pace: Pace,
        *,
        ca_file: str = "",
        on_clock: Callable[[ClockRead], None] = lambda _read: None,
        on_opened: Callable[[Opened], None] = lambda _opened: None,
        wall_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self.status = LinkState(since_s=time.monotonic())
        self._url = gateway.rstrip("/") + "/ctg/ingest"
        self._token_file = token_file
        self._keeper = keeper
        self._uplink = keeper.uplink
        self._pace = pace
        self._ca_file = ca_file
        self._on_clock = on_clock
        self._on_opened = on_opened
        self._wall_ns = wall_ns
        self._ask_time = asyncio.Event()
        self._waits = delays()

    async def run(self) -> None:
        """Connect and converse until cancelled. Whatever the other end does, this goes on."""
        while True:
            token = self._token()
            if not token:
                self._say("refused", "token")
                await asyncio.sleep(TOKEN_EVERY_S)
                continue
            try:
                await self._with(token)
            except TokenChanged:
                continue
            except (OSError, WebSocketException) as error:
                # No connection can be tried: an authority's file that is none, a captive portal
                # that sends us elsewhere.
                log.error("agent.cannot_connect", error=type(error).__name__, detail=str(error))
                self._say("connecting", type(error).__name__)
            await asyncio.sleep(next(self._waits))

    async def _with(self, token: str) -> None:
        trust: dict[str, Any] = {"ssl": self._trust()} if self._url.startswith("wss:") else {}
        sockets = Straight(
            self._url,
            subprotocols=[_PROTOCOL],
            additional_headers={"Authorization": f"Bearer {token}"},
            compression=None,
            max_size=2**20,
            ping_interval=PING_S,
            ping_timeout=PONG_WITHIN_S,
            close_timeout=2,
            process_exception=lambda error: self._failed(error, token),
            reconnect_delays=delays,
            **trust,
        )
        endless: Any = aiter(sockets)
        async with contextlib.aclosing(endless) as each:
            async for socket in each:
                began_s = time.monotonic()
                await self._meet(socket, token)
                if time.monotonic() - began_s > LASTING_S:
                    self._waits = delays()
                # A gateway that drops us before it takes anything is asked more and more rarely.
                await asyncio.sleep(next(self._waits))

    async def _meet(self, socket: ClientConnection, token: str) -> None:
        self.status.connections += 1
        self._say("connected")
        self._uplink.connected()
        self._keeper.texts.clear()
        try:
            await self._converse(socket, token)
            self._cut(socket.close_reason or "")
        except ConnectionClosed as cut:
            self._cut(cut.rcvd.reason if cut.rcvd else "")
        except Wrong as wrong:
            # Nothing of it was believed, nothing has left the buffer.
            log.error("agent.wrong_answer", detail=str(wrong))
            self._say("wrong", str(wrong))
            await socket.close(CloseCode.PROTOCOL_ERROR)
        finally:
            self._uplink.lost()

    def _cut(self, reason: str) -> None:
        log.warning("agent.cut", reason=reason)
        self._say("connecting", reason)

    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._ca_file:
            context.load_verify_locations(self._ca_file)
        return context

    def _token(self) -> str:
        """The token; nothing where the file is not there or holds what cannot be one."""
        try:
            # Notepad begins a file with a mark of its own.
            token = self._token_file.read_text("utf-8-sig").strip()
        except (OSError, UnicodeDecodeError):
            return ""
        return token if token.isascii() and token.isprintable() else ""

    def _failed(self, error: Exception, token: str) -> Exception | None:
        """What a failed try means: nothing ends us, but a new token is used at once."""
        if isinstance(error, TokenChanged):
            return error
        if isinstance(error, InvalidStatus) and error.response.status_code < 500:
            self._say("refused", str(error.response.status_code))
        else:
            self._say("connecting", type(error).__name__)
        return TokenChanged() if self._token() not in {"", token} else None

    def _say(self, state: str, detail: str = "") -> None:
        if state != self.status.state:
            self.status.since_s = time.monotonic()
        self.status.state, self.status.detail = state, detail

    # One connection

    async def _converse(self, socket: ClientConnection, token: str) -> None:
        tasks = [
            asyncio.create_task(work)
            for work in (
                self._listen(socket),
                self._send(socket),
                self._exchange_clocks(socket),
                self._watch_token(token),
            )
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _send(self, socket: ClientConnection) -> None:
        while True:
            texts, self._keeper.texts = self._keeper.texts, []
            for text in [*texts, *self._uplink.step(time.monotonic())]:
                await socket.send(text)
            if not await self._send_seconds(socket):
                self._keeper.news.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(IDLE_S):
                        await self._keeper.news.wait()

    async def _send_seconds(self, socket: ClientConnection) -> bool:
        """Send one wish; False when nothing waits or nothing may go."""
        room = self._pace.room(time.monotonic())
        wish = self._uplink.wish(room, old=not self._keeper.slow)
        if wish is None:
            return False
        try:
            seconds = await self._keeper.read(wish)
        except Full:
            return False  # the disk gives nothing now; the wish stays
        line = self._uplink.lines.get(wish.recording)
        if line is None or line.state != "open":
            return True
        bundle = self._uplink.pack(wish, seconds)
        if bundle:
            self._pace.took(len(bundle))
            await socket.send(frames.build_bundle(bundle))
        return True

    def clock_jumped(self, by_ns: int) -> None:
        """This machine's clock was set: what is known of it moves along and is measured anew."""
        if self.status.clock is not None:
            was = self.status.clock
            self.status.clock = ClockRead(was.offset_ns - by_ns, was.rtt_ns)
            self._on_clock(self.status.clock)
        self._ask_time.set()

    async def _exchange_clocks(self, socket: ClientConnection) -> None:
        while True:
            first = self.status.clock is None
            self._ask_time.clear()
            await socket.send(self._uplink.time_text(self._wall_ns()))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0 if first else CLOCK_EVERY_S):
                    await self._ask_time.wait()

    async def _watch_token(self, token: str) -> None:
        while True:
            await asyncio.sleep(TOKEN_EVERY_S)
            if self._token() not in {"", token}:
                log.info("agent.token_changed")
                raise TokenChanged()

    async def _listen(self, socket: ClientConnection) -> None:
        async for data in socket:
            if isinstance(data, bytes):
                events = self._uplink.receive_binary(data)
            else:
                events = self._uplink.receive_text(data, self._wall_ns(), time.monotonic())
            for event in events:
                await self._on(socket, event)

    async def _on(self, socket: ClientConnection, event: Event) -> None:
        if isinstance(event, Acked):
            # Only who takes something is asked again soon.
            self._waits = delays()
            device = self._uplink.lines[event.recording].kept.device
            self.status.acked_s = self.status.acked[device] = time.monotonic()
            self._keeper.acked(event.recording, event.seq)
        elif isinstance(event, Opened):
            self._keeper.acked(event.recording, event.durable)
            self._on_opened(event)
            for text in self._uplink.gap_texts(event.recording):
                await socket.send(text)
            self._keeper.news.set()
        elif isinstance(event, Closed):
            self._keeper.closed(event.recording)
        elif isinstance(event, ClockRead):
            self.status.clock = event
            self._on_clock(event)
        elif isinstance(event, Refused):
            self.status.conflicts += event.code == "ctg.conflicting_frame"
            log.warning("agent.refused", recording=str(event.recording), code=event.code)
