"""How paging stands, over HTTP."""

import asyncio

from litestar import Response, Router, get
from sqlalchemy.ext.asyncio import AsyncSession

from duty.watch import queries, repository
from duty.watch.schemas import PagingHealth, PagingWatch
from kernel.access import OPT, PUBLIC, roles
from kernel.database import Database
from kernel.errors import Refusal
from kernel.viewer import Role, Viewer

_OPERATORS = roles(Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR, Role.COMMISSION)
_PATIENCE_S = 3


@get("/health/paging", opt={OPT: PUBLIC}, summary="Does paging work?")
async def paging(database: Database) -> Response[PagingHealth]:
    """200 with what is impaired, if anything; 503 when the database is away."""
    try:
        async with (
            asyncio.timeout(_PATIENCE_S),
            database.session(Viewer.system("health")) as opened,
        ):
            return Response(await queries.health(opened))
    except (Refusal, OSError, TimeoutError):
        return Response(queries.LOST, status_code=503)


@get("/health/paging/history", opt={OPT: _OPERATORS}, summary="When was paging impaired?")
async def paging_history(session: AsyncSession) -> PagingWatch:
    """Now, by channel, and the record of what was raised and cleared."""
    now = await queries.health(session)
    channels = [] if now.vitals is None else list(now.vitals.channels)
    return PagingWatch(now, channels, await repository.history(session))


router = Router("/", route_handlers=[paging, paging_history], tags=["health"])
