"""The Celery application: chores that may be late, and the one bridge from its tasks to asyncio.

Nothing a life depends on runs here. A task is started by a row in PostgreSQL and told that row's
id; if Valkey forgets the message, the engine finds the row again.
"""

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from celery import Celery, signals

from kernel.clock import SystemClock
from kernel.database import Database
from kernel.sealing import Sealer
from server.channels import Channels, open_channels
from server.heartbeat import keep_beating, leave
from server.keyfile import master_key
from server.settings import Settings

T = TypeVar("T")

TASK_PACKAGES = ["duty.notify"]
PREFIX = "yunshang:"


class Bridge:
    """Runs coroutines for synchronous tasks on one loop per process, with one pool per process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._pid = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._database: Database | None = None
        self._channels: Channels | None = None

    def run(self, work: Callable[[Database], Awaitable[T]], timeout_s: float = 60.0) -> T:
        """Run `work(database)` to its end and return its result.

        Raises:
            TimeoutError: it took longer than `timeout_s`.
        """
        loop, database = self._open()

        async def bounded() -> T:
            async with asyncio.timeout(timeout_s):
                return await work(database)

        return asyncio.run_coroutine_threadsafe(bounded(), loop).result()

    def channels(self) -> Channels:
        """This process's channels, opened on its loop by the first task that sends."""
        if self._channels is None:
            self._channels = open_channels(self.settings, SystemClock())
        return self._channels

    @property
    def sealer(self) -> Sealer:
        """Opens what the database holds sealed."""
        return Sealer(master_key(self.settings))

    def close(self) -> None:
        """Close the pool and the loop of this process."""
        loop, database = self._loop, self._database
        if loop is None or database is None or self._pid != os.getpid():
            return
        if self._channels is not None:
            asyncio.run_coroutine_threadsafe(self._channels.close(), loop).result(5)
        asyncio.run_coroutine_threadsafe(database.close(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        if self._thread is not None:
            self._thread.join(5)
            loop.close()
        self._loop = self._database = self._thread = self._channels = None

    def _open(self) -> tuple[asyncio.AbstractEventLoop, Database]:
        with self._lock:
            # A forked child must not use its parent's connections.
            if self._loop is None or self._database is None or self._pid != os.getpid():
                self._pid = os.getpid()
                self._channels = None
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name="bridge", daemon=True
                )
                self._thread.start()
                url = self.settings.need("system_database_url").system_database_url
                self._database = Database(url, name="worker", pool_size=2)
            return self._loop, self._database


def broker_url(valkey_url: str) -> str:
    """The same Valkey in Celery's spelling."""
    return valkey_url.replace("unix://", "redis+socket://", 1)


class Chores(Celery):
    """A Celery application whose tasks reach asyncio through `self.app.bridge`."""

    bridge: Bridge


def build(settings: Settings) -> Chores:
    """The application for one installation."""
    celery = Chores("yunshang", broker=broker_url(settings.valkey_url), set_as_current=True)
    celery.conf.update(
        task_ignore_result=True,
        task_acks_late=False,
        task_serializer="json",
        accept_content=["json"],
        task_time_limit=120,
        task_soft_time_limit=90,
        timezone="UTC",
        enable_utc=True,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_max_tasks_per_child=1000,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_connection_timeout=2,
        broker_transport_options={
            "global_keyprefix": PREFIX,
            # Longer than every blocking read: redis-py 8 would otherwise raise after 5 s of quiet.
            "socket_timeout": 30,
            "socket_connect_timeout": 2,
            "socket_keepalive": not settings.valkey_url.startswith("unix://"),
            "health_check_interval": 15,
        },
        # A publisher (the relay) must learn at once that Valkey is away; the row stays.
        task_publish_retry=False,
    )
    celery.autodiscover_tasks(TASK_PACKAGES)
    celery.bridge = Bridge(settings)
    return celery


def _start_beating(sender: Any = None, **_: object) -> None:
    """Heartbeats of the main process, which has no loop of its own."""
    bridge: Bridge = sender.app.bridge
    url = bridge.settings.system_database_url

    async def run() -> None:
        await keep_beating(Database(url, name="worker-heartbeat", pool_size=1), "worker")

    threading.Thread(target=asyncio.run, args=(run(),), name="heartbeat", daemon=True).start()


def _stop_beating(sender: Any = None, **_: object) -> None:
    bridge: Bridge = sender.app.bridge
    url = bridge.settings.system_database_url

    async def run() -> None:
        database = Database(url, name="worker-heartbeat", pool_size=1)
        await leave(database, "worker")
        await database.close()

    asyncio.run(run())


signals.worker_ready.connect(_start_beating, weak=False)
signals.worker_shutdown.connect(_stop_beating, weak=False)

celery = build(Settings.from_env(os.environ))


@signals.worker_process_shutdown.connect(weak=False)
def _close_bridge(**_: object) -> None:
    celery.bridge.close()
