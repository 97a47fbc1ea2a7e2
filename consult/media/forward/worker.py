"""The media worker process: one port, one event loop, its rooms."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Final

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from consult.media.engine import EngineEvent, Left
from consult.media.errors import MediaUnavailable
from consult.media.forward import memory, orders, sdp
from consult.media.forward.agreements import Agreements
from consult.media.forward.channel import PROTOCOL
from consult.media.forward.directory import BEAT_S, EVENTS, Directory, WorkerFacts, heard
from consult.media.forward.disk import Disk
from consult.media.forward.privates import install
from consult.media.forward.room import Outside, Room
from consult.media.forward.sessions import Sessions
from consult.media.recording.shelf import Shelf
from consult.media.tokens import TokenKey
from kernel.clock import Clock, SystemClock

log = structlog.get_logger()

TICK_S: Final = 0.02
LATE_KEPT: Final = 3000
"""Ticks of the last minute."""
STRAINED_MS: Final = 50.0
"""So far behind, faces are sent small; at `directory.LAG_LIMIT_MS` no room is placed here."""
MAX_BYTES: Final = 262_144
PING_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """Where a worker listens, and what it shows the world."""

    host: str
    port: int
    url: str = ""
    """Where browsers reach it; empty for ws:// of host and port."""
    addresses: Mapping[str, str] = field(default_factory=dict)
    """Own IP and how the world sees it (NAT 1:1); empty: all of this host's, as they are."""
    origins: frozenset[str] = frozenset()
    recordings: Path | None = None
    """The folder of recordings, the same for all workers; None: this one records nothing."""


class Worker:
    """Everything of one media worker."""

    def __init__(
        self,
        settings: WorkerSettings,
        key: TokenKey,
        valkey: Redis,
        clock: Clock | None = None,
        disk: Disk | None = None,
    ) -> None:
        self._settings = settings
        self._disk = disk
        self._key = key
        self._valkey = valkey
        self._directory = Directory(valkey)
        self._agreements = Agreements(self._directory)
        self._clock = clock or SystemClock()
        self._events: asyncio.Queue[EngineEvent] = asyncio.Queue()
        self._lag_ms = 0.0
        self._late_ms: deque[float] = deque(maxlen=LATE_KEPT)
        self._pps = 0
        self._counted = 0
        self._server: Server | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.url = settings.url
        self.sessions: Sessions

    async def start(self) -> int:
        """Listen; the port, chosen by the system when 0 was asked."""
        changed = {
            inside: outside
            for inside, outside in self._settings.addresses.items()
            if inside != outside
        }
        install(list(self._settings.addresses))
        self._server = await serve(
            self._serve,
            self._settings.host,
            self._settings.port,
            subprotocols=[Subprotocol(PROTOCOL)],
            origins=None,
            process_request=self._asked,
            max_size=MAX_BYTES,
            ping_interval=PING_S,
            ping_timeout=PING_S,
        )
        port = int(next(iter(self._server.sockets)).getsockname()[1])
        self.url = self.url or f"ws://{self._settings.host}:{port}/media"
        outside = Outside(
            self._clock,
            time.monotonic,
            self._events.put_nowait,
            lambda text: sdp.with_addresses(text, changed),
            self._disk,
        )
        self.sessions = Sessions(self.url, self._key, self._directory, outside)
        work = (self._ticks(), self._beats(), self._seconds(), self._tells(), self._obeys())
        self._tasks = [asyncio.create_task(part) for part in work]
        log.info("media.listening", port=port)
        return port

    async def wait(self) -> None:
        """Return, or raise, when something that must not end has ended."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def stop(self) -> None:
        """Tell everybody to go to another worker, and end."""
        for room in list(self.sessions.rooms.values()):
            await room.close(Left.MOVED)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._disk is not None:
            await asyncio.to_thread(self._disk.close)
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def facts(self) -> dict[str, object]:
        """For heartbeats and the health page."""
        people = sum(len(room.members) for room in self._rooms)
        return {
            "rooms": len(self._rooms),
            "participants": people,
            "tasks": len(asyncio.all_tasks()),
            "red_packets": sum(
                member.publisher.red
                for room in self._rooms
                for member in room.members.values()
                if member.publisher is not None
            ),
            "pps": self._pps,
            "lag_ms": round(self._lag_ms, 1),
            "lag_p99_ms": round(self._lag_p99_ms(), 1),
        }

    def _lag_p99_ms(self) -> float:
        """Of the last minute."""
        late = sorted(self._late_ms)
        return late[len(late) * 99 // 100] if late else 0.0

    @property
    def _rooms(self) -> list[Room]:
        return list(self.sessions.rooms.values())

    async def _serve(self, socket: ServerConnection) -> None:
        await self.sessions.serve(socket)

    def _asked(self, connection: ServerConnection, request: Request) -> Response | None:
        if request.path == "/health":
            return connection.respond(
                HTTPStatus.OK, msgspec.json.encode(self.facts()).decode() + "\n"
            )
        origin = request.headers.get("Origin")
        allowed = self._settings.origins
        if origin is not None and allowed and origin not in allowed:
            return connection.respond(HTTPStatus.FORBIDDEN, "media.origin\n")
        return None

    async def _ticks(self) -> None:
        """Repairs; how late the tick comes is how far the loop is behind."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + TICK_S
            await asyncio.sleep(TICK_S)
            late_ms = (loop.time() - due) * 1000
            self._late_ms.append(late_ms)
            self._lag_ms = max(late_ms, self._lag_ms * 0.98)
            for room in self._rooms:
                room.fast_tick(time.monotonic())

    async def _seconds(self) -> None:
        tidied = time.monotonic()
        while True:
            await asyncio.sleep(1.0)
            at = time.monotonic()
            await self._agreements.look(self._rooms)
            await self._send_out()
            for room in self._rooms:
                try:
                    await room.slow_tick(at, strained=self._lag_ms > STRAINED_MS)
                except Exception as error:
                    # One room's trouble ends no other room.
                    log.error("media.tick_failed", error=type(error).__name__)
            self.sessions.forget(at)
            total = sum(
                out.packets_sent
                for room in self._rooms
                for member in room.members.values()
                for out in member.subscriber.outs.values()
            )
            self._pps, self._counted = max(0, total - self._counted), total
            if at - tidied > memory.EVERY_S:
                tidied = at
                memory.give_back()

    async def _send_out(self) -> None:
        people = [(room.id, who) for room in self._rooms for who in room.members]
        try:
            for room_id, who in await self._directory.sent_out(people):
                await self._eject(orders.Eject(room_id, who))
        except MediaUnavailable:
            return

    async def _beats(self) -> None:
        while True:
            facts = WorkerFacts(
                url=self.url,
                pps=self._pps,
                lag_ms=round(self._lag_ms, 1),
                rooms=len(self._rooms),
            )
            at = self._clock.now()
            here = {
                room.id: [member.id for member in room.members.values() if member.here]
                for room in self._rooms
            }
            try:
                for room_id in await self._directory.beat(facts, here, at):
                    # Another worker holds it by now: whoever is still here belongs there.
                    if (room := self.sessions.rooms.get(room_id)) is not None:
                        await room.close(Left.MOVED)
            except MediaUnavailable:
                log.warning("media.directory_away")
            await asyncio.sleep(BEAT_S)

    async def _tells(self) -> None:
        while True:
            event = await self._events.get()
            body = {"event": type(event).__name__, **msgspec.to_builtins(event)}
            log.info("media.event", kind=body["event"])
            with suppress(RedisError, OSError):
                await self._valkey.publish(EVENTS, msgspec.json.encode(body))

    async def _obeys(self) -> None:
        while True:
            try:
                async for raw in heard(self._valkey, orders.channel(self.url)):
                    await self._obey(raw)
            except MediaUnavailable:
                await asyncio.sleep(1.0)

    async def _obey(self, raw: bytes) -> None:
        try:
            order = msgspec.json.decode(raw, type=orders.Order)
        except msgspec.DecodeError:
            return
        room = self.sessions.rooms.get(order.room)
        if room is None:
            return
        match order:
            case orders.Eject():
                await self._eject(order)
            case orders.Mute():
                room.mute(order.participant, order.source, order.muted)
            case orders.Cap():
                room.cap(order.participant, order.layer)
            case orders.Close():
                await room.close()
            case orders.Look():
                await self._agreements.look([room])

    async def _eject(self, order: orders.Eject) -> None:
        room = self.sessions.rooms.get(order.room)
        if room is not None:
            await room.leave(order.participant, Left.EJECTED)


async def run(
    settings: WorkerSettings, master: bytes, valkey_url: str, facts: dict[str, object]
) -> None:
    """Serve until cancelled; `facts` is kept up to date for the heartbeat."""
    valkey = Redis.from_url(valkey_url)
    folder = settings.recordings
    disk = Disk(Shelf(folder, master)) if folder is not None else None
    worker = Worker(settings, TokenKey(master), valkey, disk=disk)
    await worker.start()
    memory.settle()
    waiting = asyncio.create_task(worker.wait())
    try:
        while not waiting.done():
            facts.update(worker.facts())
            await asyncio.wait({waiting}, timeout=1.0)
        waiting.result()
    finally:
        waiting.cancel()
        await worker.stop()
        await valkey.aclose()
