"""Files of other systems over HTTP: what was taken, and taking one."""

from litestar import get, post
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import OPT, roles
from kernel.clock import Clock
from kernel.idempotency import once
from kernel.viewer import CLINICAL_ROLES, Role, Viewer
from quality.imports import queries, service
from quality.imports.schemas import ImportIn, ImportReport, Imports
from registry.facilities.rules import local_date

READING = roles(*CLINICAL_ROLES, Role.COMMISSION, Role.MEDICAL_AFFAIRS)
TAKING = roles(Role.COORDINATOR, Role.MEDICAL_AFFAIRS)
MAX_BYTES = 16_000_000


@get("/quality/imports", opt={OPT: READING})
async def get_imports(session: AsyncSession) -> Imports:
    """Kinds of files with their columns, and the files that were taken."""
    return await queries.taken(session)


@post("/quality/imports", opt={OPT: TAKING}, request_max_body_size=MAX_BYTES)
async def take_import(
    session: AsyncSession,
    viewer: Viewer,
    clock: Clock,
    data: ImportIn,
    idempotency_key: str | None,
) -> ImportReport:
    """Check a file row by row; take its good rows unless this is a dry run."""

    async def work() -> ImportReport:
        return await service.take(session, viewer, data, local_date(clock.now()))

    return await once(session, viewer, idempotency_key, "quality.import", data, ImportReport, work)


ROUTES = [get_imports, take_import]
