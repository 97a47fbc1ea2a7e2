"""The handbook over HTTP: read it, enter a version, verify one, take one back."""

from uuid import UUID

from litestar import get, post
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import OPT, roles
from kernel.clock import Clock
from kernel.idempotency import once
from kernel.viewer import Role, Viewer
from quality.handbook import queries, service
from quality.handbook.schemas import DefinitionIn, Handbook, VerificationIn, VersionMade
from quality.readers import HANDBOOK
from registry.facilities.rules import local_date

ENTERING = roles(Role.SYSTEM_ADMIN)
VERIFYING = roles(Role.SYSTEM_ADMIN, Role.COMMISSION)


@get("/quality/definitions", opt={OPT: HANDBOOK})
async def get_handbook(session: AsyncSession, viewer: Viewer, clock: Clock) -> Handbook:
    """Every version of every indicator: what it means, where it is from, whether it is verified."""
    return await queries.handbook(session, viewer, local_date(clock.now()))


@post("/quality/definitions", opt={OPT: ENTERING})
async def enter_definition(
    session: AsyncSession,
    viewer: Viewer,
    clock: Clock,
    data: DefinitionIn,
    idempotency_key: str | None,
) -> VersionMade:
    """Add a version of an indicator, e.g. from the official annex; earlier versions stay."""

    async def work() -> VersionMade:
        return await service.enter(session, viewer, data, local_date(clock.now()))

    return await once(
        session, viewer, idempotency_key, "quality.definition", data, VersionMade, work
    )


@post("/quality/definitions/{version_id:uuid}/verify", opt={OPT: VERIFYING}, status_code=204)
async def verify_definition(
    session: AsyncSession, viewer: Viewer, version_id: UUID, data: VerificationIn
) -> None:
    """Say that another person's version was compared with the official document."""
    await service.verify(session, viewer, version_id, data.document)


@post("/quality/definitions/{version_id:uuid}/withdraw", opt={OPT: ENTERING}, status_code=204)
async def withdraw_definition(session: AsyncSession, viewer: Viewer, version_id: UUID) -> None:
    """Take back one's own version that nobody has verified yet."""
    await service.withdraw(session, viewer, version_id)


ROUTES = [get_handbook, enter_definition, verify_definition, withdraw_definition]
