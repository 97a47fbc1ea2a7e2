"""`yunshang alive NAME`: does this host's process of that name still beat? For health checks."""

import asyncio
import socket

import asyncpg

from server.settings import Settings
from server.vitals import SILENT_AFTER

# Instances are named host:pid, gateways host-random.
_FRESH = (
    "SELECT count(*) FROM process_heartbeat WHERE name = $1"
    " AND (starts_with(instance, $2 || ':') OR starts_with(instance, $2 || '-'))"
    " AND beat_at > clock_timestamp() - make_interval(secs => $3)"
)


def alive(settings: Settings, name: str) -> bool:
    """Whether a heartbeat of `name` on this host is fresh."""
    url = settings.system_database_url or settings.need("database_url").database_url
    return asyncio.run(_fresh(url, name))


async def _fresh(url: str, name: str) -> bool:
    try:
        connection = await asyncpg.connect(url, timeout=3)
    except (OSError, asyncpg.PostgresError, TimeoutError):
        return False
    try:
        seconds = SILENT_AFTER.total_seconds()
        return bool(await connection.fetchval(_FRESH, name, socket.gethostname(), seconds))
    finally:
        await connection.close()
