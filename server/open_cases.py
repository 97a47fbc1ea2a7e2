"""What a handover shows as open: the referrals of the viewer's facility, joined here for duty."""

from sqlalchemy.ext.asyncio import AsyncSession

from duty.changes.handover.cases import OpenCase
from kernel.ids import CaseId
from kernel.viewer import Viewer
from referral.queries.open_here import open_here


async def open_cases(session: AsyncSession, viewer: Viewer) -> list[OpenCase]:
    """Every live transfer that the viewer's facility sends, was asked about or receives."""
    return [
        OpenCase(CaseId(one.id), one.number, one.state, one.acuity, one.created_at)
        for one in await open_here(session, viewer)
    ]
