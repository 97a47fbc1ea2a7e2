"""The calendar of obligations over HTTP: how every house of the viewer stands."""

from litestar import Response, get
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import OPT, roles
from kernel.clock import Clock
from kernel.handing import EXCEL, to_save
from kernel.viewer import CLINICAL_ROLES, Role, Viewer
from quality.obligations import queries
from quality.obligations.book import book_of
from quality.obligations.schemas import ObligationBoard

READING = roles(*CLINICAL_ROLES, Role.COMMISSION, Role.MEDICAL_AFFAIRS)


@get("/quality/obligations", opt={OPT: READING})
async def get_obligations(session: AsyncSession, clock: Clock, viewer: Viewer) -> ObligationBoard:
    """What is owed by the calendar, due, late or done, of each house, with the calendar itself."""
    return await queries.board(session, clock, viewer)


@get("/quality/obligations/sheet", opt={OPT: READING}, media_type=EXCEL)
async def get_obligations_sheet(
    session: AsyncSession, clock: Clock, viewer: Viewer
) -> Response[bytes]:
    """The board as an Excel file, with the rules by which each day is due."""
    board = await queries.board(session, clock, viewer)
    name = f"obligations-{board.today}.xlsx"
    return Response(book_of(board), media_type=EXCEL, headers=to_save(name))


ROUTES = [get_obligations, get_obligations_sheet]
