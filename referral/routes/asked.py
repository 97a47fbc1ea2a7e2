"""What every route needs, gathered once: who asks, in which transaction, under which key."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import Access, roles
from kernel.clock import Clock
from kernel.sealing import Sealer
from kernel.viewer import Role, Viewer
from referral.queries.case import referral
from referral.readmodel.whole import Referral
from referral.routes.asking import Asking

TREATING: Access = roles(
    Role.REFERRING_CLINICIAN, Role.EXPERT, Role.COORDINATOR, Role.DUTY_DESK, Role.CREW
)
"""Whoever may act on a case; on which, and how, the case itself decides."""

WATCHING: Access = roles(
    Role.REFERRING_CLINICIAN,
    Role.EXPERT,
    Role.COORDINATOR,
    Role.DUTY_DESK,
    Role.CREW,
    Role.COMMISSION,
)
"""Also the commission: cases of its region, without identity or clinical text."""


@dataclass(frozen=True, slots=True)
class Asked(Asking[Referral]):
    """One request about a case, offer, leg or hold."""

    async def show(self, case_id: UUID) -> Referral:
        """The case as the viewer sees it."""
        return await referral(self.session, self.clock, self.viewer, self.sealer, case_id)


async def provide_asked(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    idempotency_key: str | None,
) -> Asked:
    """The request as a dependency."""
    return Asked(session, clock, viewer, sealer, idempotency_key)
