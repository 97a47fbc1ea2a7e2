"""A round of the annual assessment as PDF: put together here, where the typeface lies."""

from uuid import UUID

from litestar import Response, get
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import OPT
from kernel.clock import Clock
from kernel.handing import PDF
from quality.rounds.paper import paper_of
from quality.rounds.roles import SEEING
from quality.rounds.showing import whole_round
from server.paper.handing import FONTS, to_take


@get("/quality/rounds/{round_id:uuid}/pdf", opt={OPT: SEEING}, media_type=PDF)
async def get_round_pdf(session: AsyncSession, clock: Clock, round_id: UUID) -> Response[bytes]:
    """The round as A4 PDF, with what the viewer sees of it; its layout is marked 待核实."""
    found, entries = await whole_round(session, clock, round_id)
    name = f"assessment-{found.round.last_day}.pdf"
    return await to_take(name, paper_of, found, entries, FONTS, clock.now())
