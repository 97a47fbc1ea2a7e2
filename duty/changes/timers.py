"""What becomes of changes when nobody acts: requests expire, take-overs are reminded of."""

from collections.abc import Mapping

from sqlalchemy import TextClause, text

from duty.changes import service
from duty.changes.notices import announce
from kernel.clock import Clock
from kernel.database import Database
from kernel.ids import ChangeId
from kernel.viewer import Viewer

BATCH = 20

_EXPIRED = text(
    "SELECT id FROM change_request WHERE state IN ('proposed', 'agreed')"
    " AND expires_at <= clock_timestamp() ORDER BY expires_at LIMIT :batch"
)
_REMINDED = text(
    """
    UPDATE change_request SET reminded_at = clock_timestamp()
     WHERE id IN (SELECT id FROM change_request
                   WHERE state = 'in_force' AND remind_at <= clock_timestamp()
                     AND reminded_at IS NULL
                   ORDER BY remind_at LIMIT :batch FOR UPDATE SKIP LOCKED)
    RETURNING id, rev
    """
)
_OVERDUE = text(
    """
    UPDATE change_request SET alarmed_at = clock_timestamp()
     WHERE id IN (SELECT id FROM change_request
                   WHERE state = 'in_force' AND approve_by <= clock_timestamp()
                     AND alarmed_at IS NULL
                   ORDER BY approve_by LIMIT :batch FOR UPDATE SKIP LOCKED)
    RETURNING id, rev
    """
)
_TOLD: Mapping[str, TextClause] = {"unapproved": _REMINDED, "overdue": _OVERDUE}


async def run_due(database: Database, clock: Clock) -> bool:
    """Expire and remind what is due. True if there may be more."""
    viewer, full = Viewer.system("engine"), False
    async with database.session(viewer) as session:
        rows = (await session.execute(_EXPIRED, {"batch": BATCH})).all()
    for row in rows:
        async with database.session(viewer) as session:
            await service.expire(session, clock, ChangeId(row.id))
    full = len(rows) == BATCH
    for what, statement in _TOLD.items():
        async with database.session(viewer) as session:
            due = (await session.execute(statement, {"batch": BATCH})).all()
            for row in due:
                await announce(session, ChangeId(row.id), what, row.rev)
        full = full or len(due) == BATCH
    return full
