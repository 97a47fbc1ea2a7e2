"""Replies as the duty desk reads them."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.notify.hooks.door import TEXT_FIELD
from duty.notify.hooks.schemas import ReplyOut
from kernel.sealing import Sealer

_REPLIES = text(
    """
    SELECT r.id, r.received_at, r.meaning, e.name AS person, r.text_sealed, r.page_id,
           coalesce(p.title, '') AS title
      FROM inbound_reply r JOIN person e ON e.id = r.person_id
      LEFT JOIN page p ON p.id = r.page_id
     WHERE r.meaning IS NOT NULL
     ORDER BY r.received_at DESC, r.id LIMIT :limit
    """
)


async def replies(session: AsyncSession, sealer: Sealer, limit: int) -> list[ReplyOut]:
    """The newest replies to pages of the viewer's houses."""
    rows = await session.execute(_REPLIES, {"limit": limit})
    return [
        ReplyOut(
            id=row.id,
            at=row.received_at,
            meaning=row.meaning,
            person=row.person,
            text=sealer.open(row.text_sealed, TEXT_FIELD),
            page_id=row.page_id,
            title=row.title,
        )
        for row in rows
    ]
