"""Up to when somebody has read what changed: a convenience of theirs, no event of the case."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.ids import CaseId
from kernel.viewer import Viewer
from referral.commands.on_papers import Seen
from referral.papers import Papers
from referral.repository import CaseRepository


async def mark_seen(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: Seen
) -> CaseId:
    """Remember it; never backwards, never beyond now."""
    rows = await CaseRepository(session, viewer).get(case_id)
    await Papers(session, viewer).mark_seen(case_id, min(order.up_to, clock.now()))
    return CaseId(rows.referral.id)
