"""A session in which nobody has been for long is over, whether or not anybody said so."""

from typing import Final

from sqlalchemy import text

from consult.guidance import service
from kernel.clock import Clock
from kernel.database import Database
from kernel.viewer import Viewer

ENGINE: Final = Viewer.system("engine")
BATCH: Final = 50

_FORGOTTEN = text(
    "SELECT g.* FROM guidance_session g WHERE g.state = 'underway' AND g.begun_at < :since"
    " AND NOT EXISTS (SELECT 1 FROM guidance_stay s WHERE s.session_id = g.id"
    "  AND s.heard_at >= :since)"
    " AND NOT EXISTS (SELECT 1 FROM room_stay r WHERE r.case_id = g.of_case_id"
    "  AND (r.left_at IS NULL OR r.left_at >= :since))"
    " ORDER BY g.id LIMIT 1 FOR UPDATE OF g SKIP LOCKED"
)


async def run_due(database: Database, clock: Clock) -> bool:
    """End what was forgotten. True if there may be more."""
    done = 0
    while done < BATCH and await _one(database, clock):
        done += 1
    return done == BATCH


async def _one(database: Database, clock: Clock) -> bool:
    async with database.session(ENGINE) as session:
        values = {"since": service.forgotten(clock.now())}
        row = (await session.execute(_FORGOTTEN, values)).one_or_none()
        if row is None:
            return False
        await service.close(session, clock, ENGINE, row)
    return True
