"""Every process says every two seconds that it lives; the health page shows who does not."""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime

import structlog
from sqlalchemy import text

from kernel.clock import SystemClock
from kernel.database import Database
from kernel.errors import Refusal
from kernel.viewer import Viewer

log = structlog.get_logger()

PERIOD_S = 2.0

Detail = Callable[[], Mapping[str, object]]

_BEAT = text(
    "INSERT INTO process_heartbeat (name, instance, pid, detail)"
    " VALUES (:name, :instance, :pid, CAST(:detail AS jsonb))"
    " ON CONFLICT (name, instance) DO UPDATE"
    " SET beat_at = clock_timestamp(), detail = excluded.detail, pid = excluded.pid"
    " RETURNING beat_at"
)
# A process that was killed leaves its row: the next one of its name on its host takes it away
# after ten seconds of silence, anybody after an hour. The page shows the gap, but not for ever.
_FORGET = text(
    "DELETE FROM process_heartbeat WHERE beat_at < clock_timestamp() - interval '1 hour'"
    " OR (name = :name AND starts_with(instance, :host || ':')"
    "     AND beat_at < clock_timestamp() - interval '10 seconds')"
)
_LEAVE = text("DELETE FROM process_heartbeat WHERE name = :name AND instance = :instance")


def instance() -> str:
    """This process among others of its kind: host and process id."""
    return f"{socket.gethostname()}:{os.getpid()}"


async def beat(database: Database, name: str, detail: Detail = dict) -> float:
    """Write one heartbeat; the certain difference between this host's clock and the database's,
    in milliseconds: what the way there and back cannot explain."""
    clock = SystemClock()
    async with database.session(Viewer.system(name)) as session:
        await session.execute(_FORGET, {"name": name, "host": socket.gethostname()})
        row = {"name": name, "instance": instance(), "pid": os.getpid()}
        values = {**row, "detail": json.dumps(dict(detail()))}
        before = clock.now()
        at: datetime = (await session.execute(_BEAT, values)).scalar_one()
        after = clock.now()
    apart = abs((at - before - (after - before) / 2).total_seconds())
    return max(0.0, apart - (after - before).total_seconds() / 2) * 1000


async def leave(database: Database, name: str) -> None:
    """Take the row away at an orderly end."""
    async with database.session(Viewer.system(name)) as session:
        await session.execute(_LEAVE, {"name": name, "instance": instance()})


async def keep_beating(database: Database, name: str, detail: Detail = dict) -> None:
    """Beat until cancelled; an unreachable database is waited for, and said once."""
    silent = False
    skew_ms = 0.0

    def said() -> Mapping[str, object]:
        return {**detail(), "skew_ms": round(skew_ms)}

    while True:
        try:
            async with asyncio.timeout(PERIOD_S * 3):
                skew_ms = await beat(database, name, said)
            silent = False
        except (Refusal, OSError, TimeoutError) as error:
            if not silent:
                log.warning("heartbeat.failed", error=type(error).__name__)
            silent = True
        await asyncio.sleep(PERIOD_S)


@asynccontextmanager
async def beating(url: str, name: str, detail: Detail = dict) -> AsyncIterator[None]:
    """Heartbeats as long as the block lasts, on a connection of their own.

    Of their own, so that an exhausted pool shows as slow requests and not as a dead process.
    """
    database = Database(url, name=f"{name}-heartbeat", pool_size=1)
    task = asyncio.create_task(keep_beating(database, name, detail))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        with suppress(Refusal, OSError, TimeoutError):
            async with asyncio.timeout(2):
                await leave(database, name)
        await database.close()
