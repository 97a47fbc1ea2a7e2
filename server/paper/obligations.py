"""HTTP for the paper of the board of obligations."""

from litestar import Response, get
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import OPT
from kernel.clock import Clock
from kernel.handing import PDF
from kernel.viewer import Viewer
from quality.obligations import queries
from quality.obligations.paper import paper_of
from quality.obligations.routes import READING
from quality.obligations.wording import TITLE
from server.paper.handing import FONTS, to_read


@get("/quality/obligations/pdf", opt={OPT: READING}, media_type=PDF)
async def get_obligations_pdf(
    session: AsyncSession, clock: Clock, viewer: Viewer
) -> Response[bytes]:
    """The board as A4 PDF, with the rules by which each day is due."""
    board = await queries.board(session, clock, viewer)
    return await to_read(f"{TITLE}-{board.today}.pdf", paper_of, board, FONTS, clock.now())
