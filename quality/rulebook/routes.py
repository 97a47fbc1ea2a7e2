"""Regions' own rules over HTTP: read, try out, enter, verify, take back."""

from uuid import UUID

from litestar import Router, get, post
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import OPT, roles
from kernel.clock import Clock
from kernel.idempotency import once
from kernel.viewer import CLINICAL_ROLES, Role, Viewer
from quality.rulebook import queries, service
from quality.rulebook.schemas import (
    EnterRules,
    RegionRules,
    RulePreview,
    RuleVersionMade,
    VerifyRules,
)
from registry.facilities.rules import local_date

READING = roles(*CLINICAL_ROLES, Role.COMMISSION, Role.MEDICAL_AFFAIRS, Role.SYSTEM_ADMIN)
ENTERING = roles(Role.COMMISSION)
VERIFYING = roles(Role.COMMISSION, Role.SYSTEM_ADMIN)


@get("/quality/rules", opt={OPT: READING})
async def get_region_rules(session: AsyncSession, viewer: Viewer, clock: Clock) -> RegionRules:
    """Every version of the rules of rounds, calendar and forms, with what waiting ones change."""
    return await queries.region_rules(session, viewer, local_date(clock.now()))


@post("/quality/rules/preview", opt={OPT: ENTERING}, status_code=200)
async def preview_region_rules(session: AsyncSession, data: EnterRules) -> RulePreview:
    """What a version would change in its region; nothing is kept."""
    return await service.preview(session, data)


@post("/quality/rules", opt={OPT: ENTERING})
async def enter_region_rules(
    session: AsyncSession, viewer: Viewer, data: EnterRules, idempotency_key: str | None
) -> RuleVersionMade:
    """Add a region's version; it counts once somebody else has compared it."""

    async def work() -> RuleVersionMade:
        return await service.enter(session, viewer, data)

    return await once(
        session, viewer, idempotency_key, "quality.rules", data, RuleVersionMade, work
    )


@post("/quality/rules/{version_id:uuid}/verify", opt={OPT: VERIFYING}, status_code=204)
async def verify_region_rules(
    session: AsyncSession, viewer: Viewer, version_id: UUID, data: VerifyRules
) -> None:
    """Say that another person's version was compared with its document."""
    await service.verify(session, viewer, version_id, data.document)


@post("/quality/rules/{version_id:uuid}/withdraw", opt={OPT: ENTERING}, status_code=204)
async def withdraw_region_rules(session: AsyncSession, viewer: Viewer, version_id: UUID) -> None:
    """Take back one's own version that nobody has verified yet."""
    await service.withdraw(session, viewer, version_id)


router = Router(
    "",
    route_handlers=[
        get_region_rules, preview_region_rules, enter_region_rules, verify_region_rules,
        withdraw_region_rules,
    ],
    tags=["assessment"],
)  # fmt: skip
