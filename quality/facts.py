"""Facts: kept rows of what the views over the chain show, from which every indicator is counted.

An event of a case leaves a note in `fact_pending`, in the same transaction, and nothing more: a
transfer never waits for statistics. The engine writes the facts of those cases anew every second;
whoever asks for numbers first does what is left of it, so that she sees her own entries counted.
The views say what a fact is; facts written one by one and facts written at once are the same rows.
A case whose facts cannot be computed is set aside: it stops no other, is said to be missing beside
all numbers, and is tried again.
"""

from typing import Final

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.database import Database
from kernel.viewer import Viewer
from quality.errors import FactsBehind

log = structlog.get_logger()

ENGINE = Viewer.system("engine")
BATCH: Final = 200
"""Cases written anew in one transaction."""

_CATCH_UP = text("SELECT fact_catch_up(:most)")
_WAITING = text("SELECT fact_waiting()")
_REBUILD = text("SELECT fact_rebuild()")
_SET_ASIDE = text("SELECT case_id, sqlstate, since FROM fact_set_aside ORDER BY since, case_id")
_TRY_AGAIN = text("SELECT fact_try_again()")


async def catch_up(session: AsyncSession, most: int = BATCH) -> bool:
    """Write the facts of cases with news, the oldest news first; whether others still wait."""
    return bool((await session.execute(_CATCH_UP, {"most": most})).scalar_one())


async def current(session: AsyncSession) -> None:
    """Let the facts hold all that is committed before anything is counted.

    Raises:
        FactsBehind: more is waiting than can be written while somebody waits.
    """
    if await catch_up(session):
        raise FactsBehind(cases=(await session.execute(_WAITING)).scalar_one())


async def keep_up(database: Database) -> bool:
    """The engine's duty: one batch; True if there is more."""
    async with database.session(ENGINE) as session:
        return await catch_up(session)


async def rebuild(session: AsyncSession) -> None:
    """Throw all facts away; those of cases wait to be written anew, others are at once.

    Facts of registrations stay: whoever rebuilds reads no pregnancy, and triggers keep them up.
    """
    await session.execute(_REBUILD)


async def try_again(database: Database) -> bool:
    """The engine's duty: name the cases that were set aside to the operator, and queue them again.

    After a repair they come back by themselves; the SQLSTATE says what is wrong with the others.
    """
    async with database.session(ENGINE) as session:
        for case_id, sqlstate, since in await session.execute(_SET_ASIDE):
            log.error(
                "quality.case_set_aside", case_id=str(case_id), sqlstate=sqlstate, since=str(since)
            )
        await session.execute(_TRY_AGAIN)
    return False
