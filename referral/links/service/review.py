"""Entries that were refused are looked at by a person; nothing of them is deleted."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.ids import CaseId
from kernel.viewer import Viewer
from referral.commands.fields import Act
from referral.links.repository import LinkRepository
from referral.service.desk import at_desk


async def review(
    session: AsyncSession, clock: Clock, viewer: Viewer, link_id: UUID, entry_id: UUID
) -> CaseId:
    """Somebody has dealt with a refused entry (entered it again, or found it settled).

    Raises:
        NotFound: unknown or foreign.
    """
    entry = await LinkRepository(session, viewer).entry(link_id, entry_id)
    still = Act(version=0)
    at = at_desk(session, clock, viewer, entry.case_id, still, check_version=False, bump=False)
    async with at as desk:
        if entry.reviewed_at is None:
            entry.reviewed_at, entry.reviewed_by = clock.now(), viewer.person_id
            facts = {"link_id": link_id, "entry_id": entry_id}
            await desk.write("leg.entry_reviewed", facts)
    return desk.case_id
