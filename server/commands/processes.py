"""Runs the long-lived processes: serve, gateway, media, dicom, engine, sender, worker, watch."""

import asyncio
import gc
import signal
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
import uvloop

from server.heartbeat import Detail, beating
from server.logging import configure
from server.settings import Settings

# A viewer that neither reads nor answers holds memory; an on-call phone that lost its network
# must be seen as lost within seconds, not minutes.
WS_PING_S = 10.0
WS_MAX_BYTES = 65_536
GRACE_S = 10


def serve(settings: Settings) -> None:
    """API, browser sockets and the built web application."""
    from server.app import create_app

    configure(settings, "serve")
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        ws="websockets-sansio",
        ws_max_size=WS_MAX_BYTES,
        ws_ping_interval=WS_PING_S,
        ws_ping_timeout=WS_PING_S,
        timeout_graceful_shutdown=GRACE_S,
        # Headers of a proxy count only when that proxy's address is named (ASVS 4.1.3).
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        server_header=False,
        access_log=False,
        log_config=None,
    )
    server = _Server(config)
    gc.collect()
    gc.freeze()  # what the program itself is made of is never garbage

    async def run() -> None:
        async with beating(settings.need("database_url").database_url, "serve"):
            await server.serve()

    uvloop.run(run())
    if not server.started:
        raise SystemExit(1)


def gateway(settings: Settings) -> None:
    """CTG ingest and live fan-out, with its keeper and, by setting, more workers."""
    from realtime.gateway.crew import KEEPER, WORKER, Crew
    from realtime.gateway.main import run
    from server.commands.gateways import listed

    parts = (KEEPER, *[WORKER] * (settings.gateway_workers - 1))
    crew = Crew((sys.executable, "-m", "server.cli", "gateway-part"), parts)
    facts: dict[str, object] = {}
    with listed(settings):
        until_signal("gateway", settings, run(settings, crew, facts), lambda: facts)


def gateway_part(settings: Settings, part: str) -> None:
    """One more process of a gateway."""
    from realtime.gateway.crew import KEEPER, while_parent_lives
    from realtime.gateway.keeper import keep
    from realtime.gateway.main import run

    if part == KEEPER:
        configure(settings, "gateway")
        work = keep(settings.system_database_url)
        uvloop.run(_cancelled_by_signal(while_parent_lives(work)))
        return
    facts: dict[str, object] = {}
    until_signal("gateway", settings, while_parent_lives(run(settings, None, facts)), lambda: facts)


def media(settings: Settings) -> None:
    """Rooms with sound and pictures: one worker."""
    from consult.media.forward.worker import WorkerSettings, run
    from server.keyfile import master_key

    pairs = (part.partition("=") for part in settings.media_addresses)
    worker = WorkerSettings(
        settings.media_host,
        settings.media_port,
        settings.media_public_url,
        {inside: outside or inside for inside, _, outside in pairs},
        settings.origins,
        settings.recordings,
    )
    facts: dict[str, object] = {}
    work = run(worker, master_key(settings), settings.valkey_url, facts)
    until_signal("media", settings, work, lambda: facts)


def dicom(settings: Settings) -> None:
    """Scans that machines send by themselves."""
    from server.dicom import run

    facts: dict[str, object] = {}
    until_signal("dicom", settings, run(settings, facts), lambda: facts)


def engine(settings: Settings) -> None:
    """Relay, escalations, timers, checkpoints."""
    from server.engine import Pulse, run

    pulse = Pulse()
    until_signal("engine", settings, run(settings, pulse), pulse.detail)


def watch(settings: Settings) -> None:
    """Whether paging works, looked at from outside the engine."""
    from server.watching import run

    until_signal("watch", settings, run(settings))


def sender(settings: Settings) -> None:
    """Messages that leave the house, and nothing else."""
    from server.sending import run

    until_signal("sender", settings, run(settings))


def worker(settings: Settings) -> None:
    """Celery: chores that may be late."""
    from server.worker import celery

    configure(settings, "worker")
    celery.worker_main(
        [
            "worker",
            f"--concurrency={settings.worker_processes}",
            f"--loglevel={settings.log_level}",
            # One queue on one broker: workers need not know of each other.
            "--without-gossip",
            "--without-mingle",
        ]
    )


class _Server(uvicorn.Server):
    """uvicorn ends itself with the signal it got; we have something to put away after it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


def until_signal(
    name: str, settings: Settings, work: Coroutine[Any, Any, None], detail: Detail = dict
) -> None:
    """Run a long-lived coroutine until SIGTERM or SIGINT, with heartbeats where there is a
    database to beat in."""
    configure(settings, name)

    async def run() -> None:
        if not settings.system_database_url:
            await _cancelled_by_signal(work)
            return
        async with beating(settings.system_database_url, name, detail):
            await _cancelled_by_signal(work)

    uvloop.run(run())


async def _cancelled_by_signal(work: Coroutine[Any, Any, None]) -> None:
    """Run a process's coroutine; SIGTERM and SIGINT cancel it, and that is an orderly end."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        if not task.cancelled():
            raise
