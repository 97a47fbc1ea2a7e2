"""Whose case it is, for viewers to whom the identity is open."""

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import CaseId, PregnancyId
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from referral.casefiles.models import FileRow
from referral.models import ReferralRow
from registry.pregnancies import queries as pregnancies
from registry.pregnancies.access import Purpose
from registry.pregnancies.schemas import PregnancyOut


async def woman_of(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    row: ReferralRow | FileRow,
) -> PregnancyOut | None:
    """Who she is; None where the identity is closed to the viewer (the commission)."""
    try:
        return await pregnancies.open_pregnancy(
            session,
            clock,
            viewer,
            sealer,
            PregnancyId(row.pregnancy_id),
            purpose=Purpose.CASE,
            case_id=CaseId(row.id),
        )
    except NotFound:
        return None
