"""Which cases whoever comes on duty must know of, the worst first."""

from collections.abc import Sequence

from sqlalchemy import exists, or_
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.viewer import Viewer
from referral.models import OfferRow, ReferralRow
from referral.queries.board import ACUITY_ORDER
from referral.repository import CaseRepository
from referral.states import LIVE_REFERRAL, ReferralState

MOST = 200
_OVER = ("declined", "redirected", "withdrawn", "expired")


async def open_here(session: AsyncSession, viewer: Viewer) -> Sequence[ReferralRow]:
    """Live transfers of the viewer's facilities: sent, received, or asked and not declined."""
    # A coordinator may be one for a region: home counts too, as far as the cases are theirs to see.
    here = list(viewer.facility_ids | {viewer.facility_id})
    asked = exists().where(
        OfferRow.case_id == ReferralRow.id,
        OfferRow.facility_id.in_(here),
        OfferRow.state.not_in(_OVER),
    )
    live = [state for state in LIVE_REFERRAL if state != ReferralState.DRAFT]
    wanted = (
        CaseRepository(session, viewer)
        .visible()
        .where(
            ReferralRow.state.in_(live),
            or_(ReferralRow.origin_id.in_(here), ReferralRow.receiver_id.in_(here), asked),
        )
        .order_by(ReferralRow.created_at, ReferralRow.id)
        .limit(MOST)
    )
    found = (await session.execute(wanted)).scalars().all()
    return sorted(found, key=lambda row: (ACUITY_ORDER.index(row.acuity), row.created_at))
