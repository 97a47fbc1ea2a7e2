"""Notes beside a chart over HTTP: read, write, take back."""

from uuid import UUID

from litestar import get, post
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import OPT, roles
from kernel.clock import Clock
from kernel.idempotency import once
from kernel.viewer import Role, Viewer
from quality.annotations import service
from quality.annotations.schemas import ChartNotes, NoteMade, WriteNote
from quality.readers import NUMBERS
from quality.repository import Scope

WRITING = roles(Role.COORDINATOR, Role.MEDICAL_AFFAIRS, Role.COMMISSION)


@get("/quality/indicators/{code:str}/notes", opt={OPT: NUMBERS})
async def get_chart_notes(session: AsyncSession, asked: Scope, code: str) -> ChartNotes:
    """What people said of the months shown, and for whom the viewer may write."""
    return await service.notes(session, asked, code)


@post("/quality/indicators/{code:str}/notes", opt={OPT: WRITING})
async def write_chart_note(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    code: str,
    data: WriteNote,
    idempotency_key: str | None,
) -> NoteMade:
    """Say something of a month, for one's house or for a region that one oversees."""

    async def work() -> NoteMade:
        return await service.write(session, clock, viewer, code, data)

    operation = f"quality.note {code}"
    return await once(session, viewer, idempotency_key, operation, data, NoteMade, work)


@post(
    "/quality/indicators/{code:str}/notes/{note_id:uuid}/withdraw",
    opt={OPT: WRITING},
    status_code=204,
)
async def withdraw_chart_note(
    session: AsyncSession, clock: Clock, viewer: Viewer, code: str, note_id: UUID
) -> None:
    """Take a note back: it is kept and no longer shown."""
    await service.withdraw(session, clock, viewer, code, note_id)


ROUTES = [get_chart_notes, write_chart_note, withdraw_chart_note]
