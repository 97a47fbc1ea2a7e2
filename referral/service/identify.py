"""Who she is, completed from a case: kept in the registry, told on the case's chain by field."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.ids import CaseId, PregnancyId
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from referral.commands.fields import Act
from referral.service.desk import at_desk
from referral.states import ReferralAction
from registry.pregnancies.details import PatientDetails, save_details


async def complete_identity(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    case_id: UUID,
    order: PatientDetails,
) -> CaseId:
    """Add to what is known of her; values are sealed, the chain says which fields."""
    act = Act(version=0)
    async with at_desk(
        session, clock, viewer, case_id, act, check_version=False, bump=False
    ) as desk:
        side = desk.move_case(ReferralAction.COMPLETE_RECORD)
        pregnancy_id = PregnancyId(desk.rows.referral.pregnancy_id)
        fields = await save_details(
            session, clock, viewer, sealer, pregnancy_id, order, case_id=desk.case_id
        )
        await desk.write("referral.identity_completed", {"fields": fields}, side=side)
    return desk.case_id
