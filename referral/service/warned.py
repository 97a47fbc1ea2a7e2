"""Early warning about a woman in a live case: both her sides are told, with codes only."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import service as duty
from kernel.clock import Clock
from kernel.ids import CaseId, FacilityId
from kernel.viewer import Viewer
from referral.models import ReferralRow
from referral.repository import CaseRepository, CaseRows
from referral.states import ReferralState

WARNED = "observations.warned"
"""The notice's code."""

_LIVE = (
    ReferralState.OPEN,
    ReferralState.COMMITTED,
    ReferralState.MOVING,
    ReferralState.GUIDED_IN_PLACE,
    ReferralState.HANDED_OVER,
)


async def tell_warned(
    session: AsyncSession, clock: Clock, viewer: Viewer, pregnancy_id: UUID, tools: Sequence[str]
) -> bool:
    """Tell everybody at post on the sides of her live cases; False if she is in none."""
    repository = CaseRepository(session, viewer)
    found = repository.visible().where(
        ReferralRow.pregnancy_id == pregnancy_id,
        ReferralRow.state.in_(_LIVE),
        ReferralRow.drill.is_(False),
    )
    rows = await repository.with_parts((await session.execute(found)).scalars().all())
    for case in rows:
        await duty.notify_people(
            session,
            clock,
            case_id=CaseId(case.referral.id),
            kind=WARNED,
            data={"number": case.referral.number, "tools": list(tools)},
            facility_ids={FacilityId(id_) for id_ in _sides(case)},
        )
    return bool(rows)


def _sides(case: CaseRows) -> set[UUID]:
    """Who treats her or is about to: the sender until the handover, and the receivers asked."""
    row = case.referral
    live = {offer.facility_id for offer in case.facts().offers if offer.live}
    sides = live | {row.receiver_id, row.lead_facility_id}
    if row.state != ReferralState.HANDED_OVER:
        sides.add(row.origin_id)
    return {side for side in sides if side is not None}
