"""HTTP for the paper of drills."""

from uuid import UUID

from litestar import Response, get
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import OPT
from kernel.clock import Clock
from kernel.handing import PDF
from kernel.viewer import Viewer
from quality.actions import queries as actions
from quality.exercises import queries
from quality.exercises.paper import KINDS, report_of
from quality.exercises.routes import READING
from server.paper.handing import FONTS, to_read


@get(
    "/quality/exercises/{exercise_id:uuid}/pdf",
    opt={OPT: READING},
    media_type=PDF,
)
async def get_exercise_pdf(
    session: AsyncSession, clock: Clock, viewer: Viewer, exercise_id: UUID
) -> Response[bytes]:
    """The report of a drill as A4 PDF."""
    found = await queries.one(session, clock, viewer, exercise_id)
    follows = await actions.of_record(session, clock, viewer, exercise_id)
    name = f"{KINDS[found.exercise.kind]}报告.pdf"
    return await to_read(name, report_of, found, follows, FONTS, clock.now())
