"""What every route on case files needs, gathered once."""

from dataclasses import dataclass
from uuid import UUID

from litestar.di import Provide
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import Access, roles
from kernel.clock import Clock
from kernel.sealing import Sealer
from kernel.viewer import Role, Viewer
from referral.casefiles.queries.files import case_file
from referral.casefiles.readmodel import CaseFile
from referral.routes.asking import Asking

LOOKING: Access = roles(
    Role.REFERRING_CLINICIAN,
    Role.EXPERT,
    Role.COORDINATOR,
    Role.DUTY_DESK,
    Role.COMMISSION,
)
"""Also the commission: files of its region, without identity or clinical text."""


@dataclass(frozen=True, slots=True)
class AskedFile(Asking[CaseFile]):
    """One request about a file, report, task or hand-over."""

    async def show(self, case_id: UUID) -> CaseFile:
        """The file as the viewer sees it."""
        return await case_file(self.session, self.clock, self.viewer, self.sealer, case_id)


async def provide_asked_file(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    idempotency_key: str | None,
) -> AskedFile:
    """The request as a dependency."""
    return AskedFile(session, clock, viewer, sealer, idempotency_key)


ASKED = {"asked": Provide(provide_asked_file)}
