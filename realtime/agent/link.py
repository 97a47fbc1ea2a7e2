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
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from realtime import frames
from realtime.agent.keeper import Keeper
from realtime.agent.pace import Pace
from realtime.agent.uplink import Acked, ClockRead, Closed, Event, Opened, Refused

log = structlog.get_logger()

CLOCK_EVERY_S: Final = 60.0
PING_S: Final = 5.0
PONG_WITHIN_S: Final = 10.0
"""A half-open connection is found out within fifteen seconds."""
TOKEN_EVERY_S: Final = 2.0
IDLE_S: Final = 0.25
FIRST_DELAY_S: Final = 1.0
LONGEST_DELAY_S: Final = 15.0
_PROTOCOL: Any = frames.PROTOCOL


@dataclass(slots=True)
class LinkState:
    """What the status page says about the connection."""

    state: str = "connecting"
    """connecting, connected or refused."""
    detail: str = ""
    since_s: float = 0.0
    connections: int = 0
    conflicts: int = 0
    clock: ClockRead | None = None


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
        self._waits = delays()

    async def run(self) -> None:
        """Connect and converse until cancelled."""
        while True:
            token = self._token()
            if not token:
                self._say("refused", "token")
                await asyncio.sleep(TOKEN_EVERY_S)
                continue
            with contextlib.suppress(TokenChanged):
                await self._with(token)

    async def _with(self, token: str) -> None:
        trust: dict[str, Any] = {"ssl": self._trust()} if self._url.startswith("wss:") else {}
        sockets = connect(
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
        async for socket in sockets:
            self.status.connections += 1
            self._say("connected")
            self._uplink.connected()
            self._keeper.texts.clear()
            try:
                await self._converse(socket, token)
            except ConnectionClosed as cut:
                reason = cut.rcvd.reason if cut.rcvd else ""
                log.warning("agent.cut", reason=reason)
                self._say("connecting", reason)
            finally:
                self._uplink.lost()
            # A gateway that drops us before it takes anything is asked more and more rarely.
            await asyncio.sleep(next(self._waits))

    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._ca_file:
            context.load_verify_locations(self._ca_file)
        return context

    def _token(self) -> str:
        try:
            return self._token_file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return ""

    def _failed(self, error: Exception, token: str) -> Exception | None:
        """What a failed try means: nothing ends us, but a new token is used at once."""
        if isinstance(error, TokenChanged):
            return error
        if isinstance(error, InvalidStatus) and error.response.status_code < 500:
            self._say("refused", str(error.response.status_code))
        elif isinstance(error, OSError | TimeoutError | InvalidHandshake | ConnectionClosed):
            self._say("connecting", type(error).__name__)
        else:
            return error
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
        wish = self._uplink.wish(self._pace.room(time.monotonic()))
        if wish is None:
            return False
        seconds = await self._keeper.read(wish)
        line = self._uplink.lines.get(wish.recording)
        if line is None or line.state != "open":
            return True
        bundle = self._uplink.pack(wish, seconds)
        if bundle:
            self._pace.took(len(bundle))
            await socket.send(frames.build_bundle(bundle))
        return True

    async def _exchange_clocks(self, socket: ClientConnection) -> None:
        while True:
            first = self.status.clock is None
            await socket.send(self._uplink.time_text(time.time_ns()))
            await asyncio.sleep(1.0 if first else CLOCK_EVERY_S)

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
                events = self._uplink.receive_text(data, time.time_ns(), time.monotonic())
            for event in events:
                await self._on(socket, event)

    async def _on(self, socket: ClientConnection, event: Event) -> None:
        if isinstance(event, Acked):
            self._keeper.acked(event.recording, event.seq)
        elif isinstance(event, Opened):
            self._waits = delays()
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
