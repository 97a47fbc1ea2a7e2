"""A class in which nobody has been for long is over, whether or not anybody said so."""

from datetime import timedelta
from typing import Final

from sqlalchemy import text

from consult.training import service
from consult.training.rules import RULES
from kernel.clock import Clock
from kernel.database import Database
from kernel.viewer import Viewer

ENGINE: Final = Viewer.system("engine")
BATCH: Final = 50

_FORGOTTEN = text(
    "SELECT k.*, greatest(k.opened_at, (SELECT max(s.heard_at) FROM training_stay s"
    "  WHERE s.class_id = k.id)) AS last_at FROM training_class k WHERE k.state = 'live'"
    " AND greatest(k.opened_at, k.starts_at) + k.minutes * interval '1 minute' < :since"
    " AND NOT EXISTS (SELECT 1 FROM training_stay s WHERE s.class_id = k.id"
    "  AND s.heard_at >= :since)"
    " ORDER BY k.id LIMIT 1 FOR UPDATE OF k SKIP LOCKED"
)


async def run_due(database: Database, clock: Clock) -> bool:
    """End what was forgotten. True if there may be more."""
    done = 0
    while done < BATCH and await _one(database, clock):
        done += 1
    return done == BATCH


async def _one(database: Database, clock: Clock) -> bool:
    async with database.session(ENGINE) as session:
        since = clock.now() - timedelta(seconds=RULES.forgotten_s)
        row = (await session.execute(_FORGOTTEN, {"since": since})).one_or_none()
        if row is None:
            return False
        await service.close(session, row, row.last_at)
    return True
