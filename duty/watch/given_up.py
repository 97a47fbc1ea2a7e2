"""Tells the administrators of outbox rows that were given up: in their own inboxes, too.

The watch has ways of its own to operators; whoever administers the platform may sit elsewhere.
"""

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.notify import inbox
from kernel.clock import Clock
from kernel.database import Database
from kernel.ids import PersonId
from kernel.viewer import Role, Viewer
from registry.people import queries as people

NOTICE = "outbox.given_up"
"""The notice's code; its text is the reader's language."""

AGAIN = timedelta(hours=24)
"""While nobody decides about them, they are told again after this time."""

# One engine at a time tells; rows that another transaction decides about are not told any more.
_TELL = text(
    "WITH given_up AS MATERIALIZED ("
    " SELECT id, told_at FROM outbox WHERE dead_at IS NOT NULL AND done_at IS NULL"
    " ORDER BY id FOR UPDATE)"
    " UPDATE outbox o SET told_at = :now FROM given_up g"
    "  WHERE o.id = g.id AND EXISTS (SELECT 1 FROM given_up u"
    "    WHERE u.told_at IS NULL OR u.told_at <= :before)"
    " RETURNING o.topic"
)


async def tell(database: Database, clock: Clock) -> bool:
    """One round; False: there is nothing more to do now."""
    async with database.session(Viewer.system("engine")) as session:
        await _tell(session, clock)
    return False


async def _tell(session: AsyncSession, clock: Clock) -> None:
    now = clock.now()
    told = await session.execute(_TELL, {"now": now, "before": now - AGAIN})
    topics = list(told.scalars())
    if not topics:
        return
    administrators = await people.holding(session, now, None, [Role.SYSTEM_ADMIN])
    data = {"code": NOTICE, "rows": len(topics), "topics": sorted(set(topics))[:20]}
    readers = [PersonId(one.id) for one in administrators]
    await inbox.post(session, readers, "notice", None, data)
