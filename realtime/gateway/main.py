"""The gateway process: wiring, timers and an orderly end."""

from __future__ import annotations

import asyncio
import gc
import random
import signal
import socket
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final, Protocol

import msgspec
import structlog

from kernel.clock import Clock
from kernel.database import Database
from kernel.database_clock import DatabaseClock
from kernel.viewer import Viewer
from kernel.wake import Listener
from realtime.frames import PROTOCOL, WATCH_PROTOCOL
from realtime.gateway import ingest as ingest_module
from realtime.gateway import viewing as viewing_module
from realtime.gateway.access import Access, ViewersOf
from realtime.gateway.admission import Admission
from realtime.gateway.alarms.tap import Alarms
from realtime.gateway.commit import Committer
from realtime.gateway.crew import Crew
from realtime.gateway.door import MAX_HEAD_BYTES, Doors, Pass, Refuse, Request
from realtime.gateway.elsewhere import Elsewhere
from realtime.gateway.folder import CONFLICT_CHANNEL, Folder
from realtime.gateway.health import TEXT, Health, metrics
from realtime.gateway.hints import Hints
from realtime.gateway.idle import Idle
from realtime.gateway.ingest import Ingest, IngestListener
from realtime.gateway.live import Recordings
from realtime.gateway.opening import Opener
from realtime.gateway.pulse import Pulse
from realtime.gateway.recheck import Recheck
from realtime.gateway.seats import (
    CONNECTIONS,
    SENDERS_EACH,
    VIEWERS_EACH,
    VIEWERS_SHARE,
    Seats,
    TurnedAway,
    within_descriptors,
)
from realtime.gateway.store import Store
from realtime.gateway.tap import Tap, Taps
from realtime.gateway.viewing import VIEWER_LIMIT, Viewing, WatchListener
from registry.people import sessions
from registry.people.sessions import REVOKED_CHANNEL, SessionPolicy

log = structlog.get_logger()

TICK_S: Final = 0.1
DRAIN_S: Final = 10.0
"""Everybody has been asked to leave after so long: reconnects are spread over it."""
STUCK_S: Final = 2.0
"""A flush that has been tried for so long is said to wait."""
LEAVE_S: Final = 3.0
LOOKS: Final = 60
GARBAGE: Final = (50_000, 20, 100)
"""Thresholds of the collector of cycles. A flush holds thousands of young objects, none of them in
a cycle; by the defaults each of its 700 is a reason to look, and a look at everything that 20,000
recordings hold stops every strip for a moment."""

POOL: Final = 5
"""Connections that alarms, and logins, keep: a ward's viewers come all at once."""


class GatewaySettings(Protocol):
    """The settings that the gateway reads."""

    @property
    def system_database_url(self) -> str: ...
    @property
    def valkey_url(self) -> str: ...
    @property
    def gateway_host(self) -> str: ...
    @property
    def gateway_port(self) -> int: ...
    @property
    def gateway_connections(self) -> int: ...
    @property
    def origins(self) -> Collection[str]: ...
    @property
    def session_idle_minutes(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Timing:
    """Periods in seconds; tests make them short."""

    tick_s: float = TICK_S
    fold_s: float = 60.0
    pulse_s: float = 5.0
    recheck_s: float = 60.0
    follow_s: float = 1.0
    alarms_s: float = 1.0
    limits_s: float = 60.0


class Sessions:
    """Turns session tokens into viewers, by the registry's rules for logins."""

    def __init__(self, database: Database, clock: Clock, idle: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._policy = SessionPolicy(idle=idle)

    async def viewers_of(self, tokens: Collection[str]) -> dict[str, Viewer]:
        """The viewers of live sessions. A strip being watched keeps its login alive.

        Raises:
            Unavailable: the database cannot be asked.
        """
        at = self._clock.now()
        async with self._database.session(Viewer.system("gateway")) as session:
            known = await sessions.find_all(session, tokens, at, self._policy)
            due = [id_ for one in known.values() if one.touch and (id_ := one.viewer.session_id)]
            if due:
                await sessions.touch_all(session, due, at)
        return {token: one.viewer for token, one in known.items()}


class Gateway:
    """Everything of one gateway process, bound to one port."""

    def __init__(
        self,
        database_url: str,
        viewers_of: ViewersOf,
        origins: Collection[str],
        timing: Timing | None = None,
        taps: Sequence[Tap] = (),
        *,
        valkey_url: str = "",
        connections: int = CONNECTIONS,
        folds: bool = True,
        facts: dict[str, object] | None = None,
        clock: DatabaseClock | None = None,
    ) -> None:
        clock, timing = clock or DatabaseClock(), timing or Timing()
        self._timing = timing
        self.store = Store(database_url)
        recordings = Recordings()
        database = Database(database_url, name="yunshang gateway alarms", pool_size=POOL)
        ns, pages = clock.ns, self.store.read_pages
        self.alarms = Alarms(
            database, recordings, pages, timing.alarms_s, timing.limits_s, clock_ns=ns
        )
        self._taps = Taps((self.alarms, *taps))
        self.committer = Committer(database_url, recordings, taps=self._taps, clock_ns=ns)
        self._opener = Opener(self.store, recordings)
        self._access = Access(self.store, viewers_of, origins)
        self.ingest = Ingest(
            self.store,
            recordings,
            self.committer,
            self._opener,
            self._taps,
            viewer_limit=VIEWER_LIMIT,
            seats=Seats(connections, SENDERS_EACH),
            clock_ns=ns,
        )
        self.viewing = Viewing(
            self.store,
            recordings,
            self._access,
            self.committer,
            alarms=self.alarms.record.standing,
            seats=Seats(max(1, connections // VIEWERS_SHARE), VIEWERS_EACH),
        )
        self.health = Health(self.ingest, self.viewing, self.committer, clock)
        self.folder = Folder(self.store, period_s=timing.fold_s)
        self._folds = folds
        self._storage_moved = asyncio.Event()
        self._pulse = Pulse(self.ingest, self.health, clock, period_s=timing.pulse_s, facts=facts)
        self.elsewhere = Elsewhere(self.store, recordings, period_s=timing.follow_s, clock_ns=ns)
        self.hints = Hints(valkey_url, recordings, clock_ns=ns) if valkey_url else None
        self.idle = Idle(self.ingest)
        self._admission = Admission(self.store, self.ingest, period_s=timing.recheck_s)
        self._recheck = Recheck(self.viewing, period_s=timing.recheck_s)
        self._listener = Listener(database_url, (REVOKED_CHANNEL, CONFLICT_CHANNEL), self._hear)
        self._tasks: list[asyncio.Task[None]] = []
        self._committing: asyncio.Task[None] | None = None
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; return the port (chosen by the system when 0 was asked)."""
        loop = asyncio.get_running_loop()
        self._committing = loop.create_task(self.committer.run())
        self._tasks = [
            loop.create_task(work)
            for work in (
                self._opener.run(),
                *((self.folder.run(),) if self._folds else ()),
                self._pulse.run(),
                self._tell_storage(),
                self._ticks(),
                self._listener.run(),
                self.idle.run(),
                self._admission.run(),
                self._recheck.run(),
                self.elsewhere.run(),
                *((self.hints.run(),) if self.hints is not None else ()),
                self._taps.run(),
            )
        ]
        reuse = hasattr(socket, "SO_REUSEPORT") or None
        self._server = await loop.create_server(
            Doors(self._decide), host, port, reuse_port=reuse, backlog=1024
        )
        bound = int(self._server.sockets[0].getsockname()[1])
        log.info("gateway.listening", host=host, port=bound)
        return bound

    async def wait(self) -> None:
        """Return, or raise, when something that must not end has ended."""
        assert self._committing is not None  # noqa: S101 - after start
        done, _ = await asyncio.wait(
            [self._committing, *self._tasks], return_when=asyncio.FIRST_COMPLETED
        )
        for task in done:
            task.result()

    async def drain(self, over_s: float = DRAIN_S) -> None:
        """Let nobody in, and ask everybody, one after another, to go to another gateway."""
        self.health.draining = True
        if self._server is not None:
            self._server.close()
        here: list[IngestListener | WatchListener] = [
            *self.ingest.listeners,
            *self.viewing.listeners,
        ]
        log.info("gateway.draining", connections=len(here), over_s=over_s)
        random.shuffle(here)
        for listener in here:
            listener.leave()
            await asyncio.sleep(over_s / len(here))
        for _ in range(LOOKS):
            if not (self.ingest.listeners or self.viewing.listeners):
                break
            await asyncio.sleep(LEAVE_S / LOOKS)

    async def stop(self) -> None:
        """Take nothing more, make durable and acknowledge what is here, say good-bye."""
        if self._server is not None:
            self._server.close()
        self.committer.stop()
        if self._committing is not None:
            await asyncio.wait([self._committing], timeout=5)
            if self.committer.waiting:  # the database is away, or committing has failed
                log.error("gateway.stopped_with_uncommitted", frames=self.committer.waiting)
            # Nobody uses the journal's line any more when it is given back below.
            self._committing.cancel()
            await asyncio.gather(self._committing, return_exceptions=True)
        await asyncio.sleep(0)  # the acks of the last flush leave before the close frames
        for sender in list(self.ingest.listeners):
            sender.go()
        for viewer in list(self.viewing.listeners):
            viewer.leave()
        for task in (*self._tasks, *self.ingest.tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, *self.ingest.tasks, return_exceptions=True)
        await self.committer.close()
        await self.alarms.close()
        await self.store.close()

    async def _ticks(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = max(due + self._timing.tick_s, loop.time())
            await asyncio.sleep(due - loop.time())
            self.ingest.arrivals.take()
            self.viewing.tick()
            self.ingest.tick()
            self._look_at_storage()
            if self.hints is not None:
                self.hints.tick()

    def _hear(self, channel: str, payload: str) -> None:
        """A login has ended, or whoever folds has found a contradiction."""
        if channel == REVOKED_CHANNEL:
            self.viewing.end_session(payload)
        else:
            self.ingest.contradicted(payload)

    def _look_at_storage(self) -> None:
        """Note when what arrives stops, or begins again, to be made durable."""
        stuck = self.committer.pressed or self.committer.stuck_s > STUCK_S
        storage, state = self.ingest.recordings.storage, "waiting" if stuck else "ok"
        if storage.state != state:
            storage.state = state
            log.warning("gateway.storage", state=state, waiting=self.committer.waiting)
            self._storage_moved.set()

    async def _tell_storage(self) -> None:
        """Tell every strip so, beside the ticks: thousands of notices take a while."""
        while True:
            await self._storage_moved.wait()
            self._storage_moved.clear()
            await self._pulse.tell()

    async def _decide(self, request: Request) -> Refuse | Pass:
        if request.method != "GET":
            return Refuse(HTTPStatus.METHOD_NOT_ALLOWED, "ctg.method_not_allowed")
        if request.path == "/health":
            status = HTTPStatus.OK if self.health.ok else HTTPStatus.SERVICE_UNAVAILABLE
            return Refuse(status, "", msgspec.json.encode(self.health.facts()))
        if request.path == "/metrics":
            return Refuse(HTTPStatus.OK, "", metrics(self.health.facts()), TEXT)
        if request.path not in {"/ctg/ingest", "/ctg/watch"}:
            return Refuse(HTTPStatus.NOT_FOUND, "ctg.path_unknown")
        if request.query:
            return Refuse(HTTPStatus.BAD_REQUEST, "ctg.query_not_allowed")
        if "websocket" not in request.headers.get("upgrade", "").lower():
            return Refuse(HTTPStatus.UPGRADE_REQUIRED, "ctg.upgrade_required")
        self.ingest.rest.stirred()
        if request.path == "/ctg/ingest":
            return await self._sender(request)
        return await self._viewer(request)

    async def _sender(self, request: Request) -> Refuse | Pass:
        if not request.offers(PROTOCOL):
            return Refuse(HTTPStatus.BAD_REQUEST, "ctg.subprotocol_missing")
        device = await self._access.device(request)
        if isinstance(device, Refuse):
            return device
        if not self.ingest.seats.free_for(device.token_hash):
            log.warning("gateway.no_seat", device=device.serial)
            return Pass(PROTOCOL, TurnedAway(MAX_HEAD_BYTES), MAX_HEAD_BYTES)
        listener = self.ingest.listener(device)
        return Pass(PROTOCOL, listener, ingest_module.MAX_MESSAGE_BYTES, pinged=False)

    async def _viewer(self, request: Request) -> Refuse | Pass:
        if not request.offers(WATCH_PROTOCOL):
            return Refuse(HTTPStatus.BAD_REQUEST, "ctg.subprotocol_missing")
        who = await self._access.viewer(request)
        if isinstance(who, Refuse):
            return who
        viewer, token = who
        if not self.viewing.seats.free_for(token):
            log.warning("gateway.no_seat", person=str(viewer.person_id))
            return Pass(WATCH_PROTOCOL, TurnedAway(MAX_HEAD_BYTES), MAX_HEAD_BYTES)
        return Pass(
            WATCH_PROTOCOL, self.viewing.listener(viewer, token), viewing_module.MAX_MESSAGE_BYTES
        )


async def run(
    settings: GatewaySettings, crew: Crew | None = None, facts: dict[str, object] | None = None
) -> None:
    """Serve until cancelled or drained (SIGUSR1); what was received is durable before the end.

    Args:
        settings: where to listen, and on which database.
        crew: the other processes to look after; without one, nobody folds here.
        facts: kept up to date with what the heartbeat says.
    """
    url = settings.system_database_url
    database = Database(url, name="yunshang gateway login", pool_size=POOL)
    clock, idle = DatabaseClock(), timedelta(minutes=settings.session_idle_minutes)
    gateway = Gateway(
        url,
        Sessions(database, clock, idle).viewers_of,
        settings.origins,
        valkey_url=settings.valkey_url,
        connections=within_descriptors(settings.gateway_connections),
        folds=False,
        facts=facts,
        clock=clock,
    )
    gc.freeze()  # what the program itself is made of is never garbage
    gc.set_threshold(*GARBAGE)
    drained = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, drained.set)
    tasks: list[asyncio.Future[Any]] = [asyncio.ensure_future(drained.wait())]
    try:
        await gateway.start(settings.gateway_host, settings.gateway_port)
        tasks.append(asyncio.ensure_future(gateway.wait()))
        if crew is not None:
            tasks.append(asyncio.ensure_future(crew.run()))
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        if crew is not None:
            crew.drain()
        await gateway.drain()
    finally:
        for task in tasks:
            task.cancel()
        await gateway.stop()
        if crew is not None:
            await crew.stop()
        await database.close()
