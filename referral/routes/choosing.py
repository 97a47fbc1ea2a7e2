"""Where she could go, and who is on the way where already."""

from typing import Annotated, Literal
from uuid import UUID

from litestar import get
from litestar.handlers import BaseRouteHandler
from litestar.params import Parameter
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import CLINICAL, OPT, Access, roles
from kernel.clock import Clock
from kernel.viewer import Role, Viewer
from referral.commands.fields import Acuity, Subject
from referral.queries import candidates, load
from referral.readmodel.choosing import Choices
from referral.readmodel.load import Loads
from referral.routes.asked import TREATING

LOOKING: Access = roles(
    Role.REFERRING_CLINICIAN,
    Role.EXPERT,
    Role.COORDINATOR,
    Role.DUTY_DESK,
    Role.CREW,
    Role.COMMISSION,
    Role.SYSTEM_ADMIN,
)


@get("/load", opt={OPT: LOOKING})
async def loads(session: AsyncSession, clock: Clock) -> Loads:
    """Per house: asked, accepted, committed, on the road, and what is held for them."""
    return await load.loads(session, clock)


@get("/referrals/candidates", opt={OPT: CLINICAL})
async def for_draft(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    condition: Annotated[str, Parameter(min_length=1, max_length=64)],
    acuity: Acuity = "critical",
    subject: Subject = "mother",
    needs_neonatal: bool = False,
    cots: Annotated[int, Parameter(ge=1, le=9)] = 1,
    gestation_days: Annotated[int | None, Parameter(ge=0, le=330)] = None,
    origin: UUID | None = None,
) -> Choices:
    """Where a case that is being written could go; every house, with why and why not (待核实)."""
    wanted = {
        "condition": condition,
        "acuity": acuity,
        "subject": subject,
        "needs_neonatal": needs_neonatal,
        "cots": cots,
        "gestation_days": gestation_days,
        "origin": origin,
    }
    return await candidates.for_draft(session, clock, viewer, wanted)


@get("/referrals/{case_id:uuid}/candidates", opt={OPT: TREATING})
async def for_case(
    case_id: UUID,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    part: Literal["mother", "newborn"] = "mother",
) -> Choices:
    """Where this case (or her newborn) could go next."""
    return await candidates.for_case(session, clock, viewer, case_id, part)


HANDLERS: list[BaseRouteHandler] = [loads, for_draft, for_case]
