"""Is it up (for load balancers, public) and what exactly is not (for staff)."""

import asyncio
from contextlib import suppress
from datetime import datetime

import msgspec
from litestar import Response, Router, get
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.notify.providers.file import CONTRACTS
from kernel.access import PUBLIC, roles
from kernel.chain.checkpoint import STALE_AFTER, newest_age
from kernel.database import Database
from kernel.errors import Refusal
from kernel.viewer import Role, Viewer
from server.settings import Settings
from server.supervisor import ledger
from server.supervisor.leftovers import born
from server.vitals import Beat, ProcessHealth, assess, working

_OTHERS = {Role.DEVICE, Role.CREW, Role.SPECIAL_POPULATION}
STAFF = roles(*(role for role in Role if role not in _OTHERS))
VALKEY_S = 1.0

_BEATS = text(
    "SELECT name, instance, pid, started_at, beat_at FROM process_heartbeat ORDER BY name, instance"
)


class Health(msgspec.Struct, frozen=True):
    """`ok`, or `degraded` when the database does not answer."""

    status: str


class SystemHealth(msgspec.Struct, frozen=True):
    """All processes and services; `degraded` as soon as one of them does not work.

    `checkpoint_age_s`: how long ago the newest checkpoint of the event chain was signed; null
    before the first. `checkpoint_stale`: so long ago that somebody has to look. `cases_missing`:
    cases that no indicator can count; the engine's log names them. `channels`: which ways out of
    the house have a contract here; `channels_absent`: which have none.
    """

    status: str
    at: datetime
    valkey: str
    database: str
    checkpoint_age_s: float | None
    checkpoint_stale: bool
    cases_missing: int
    processes: list[ProcessHealth]
    channels: list[str]
    channels_absent: list[str]


@get("/", opt={"roles": PUBLIC}, summary="Is the platform up?")
async def health(database: Database) -> Response[Health]:
    """200 when requests can be answered, 503 when the database is away."""
    try:
        async with asyncio.timeout(3), database.session(Viewer.system("health")) as session:
            await session.execute(text("SELECT 1"))
    except (Refusal, OSError, TimeoutError):
        return Response(Health("degraded"), status_code=503)
    return Response(Health("ok"))


@get("/processes", opt={"roles": STAFF}, summary="Every process and service")
async def processes(
    session: AsyncSession, settings: Settings, contracted: frozenset[str]
) -> SystemHealth:
    """States from heartbeats of all hosts and from this host's supervisor, if there is one."""
    at = (await session.execute(text("SELECT clock_timestamp()"))).scalar_one()
    version = (await session.execute(text("SHOW server_version"))).scalar_one()
    beats = [Beat(**row) for row in (await session.execute(_BEATS)).mappings()]
    listed = assess(beats, _children(settings), at)
    age = await newest_age(session)
    stale = age is not None and age > STALE_AFTER
    missing = (await session.execute(text("SELECT fact_missing()"))).scalar_one()
    answers = await _valkey_answers(settings.valkey_url)
    return SystemHealth(
        status="ok" if answers and working(listed) and not stale else "degraded",
        at=at,
        valkey="running" if answers else "absent",
        database=f"PostgreSQL {version}",
        checkpoint_age_s=None if age is None else round(age.total_seconds(), 1),
        checkpoint_stale=stale,
        cases_missing=missing,
        processes=listed,
        channels=[name for name in CONTRACTS if name in contracted],
        channels_absent=[name for name in CONTRACTS if name not in contracted],
    )


def _children(settings: Settings) -> tuple[ledger.ChildRecord, ...]:
    last = ledger.read(settings.data_dir)
    # A file left by a supervisor that is gone describes nothing.
    if last is None or last.stopped or last.born != born(last.pid):
        return ()
    return last.children


async def _valkey_answers(url: str) -> bool:
    if not url:
        return False
    client = Redis.from_url(url, socket_timeout=VALKEY_S, socket_connect_timeout=VALKEY_S)
    try:
        return bool(await client.ping())
    except (RedisError, OSError):
        return False
    finally:
        with suppress(RedisError, OSError):
            await client.aclose()


health_router = Router("/health", route_handlers=[health, processes], tags=["health"])
