"""HTTP for indicators on paper."""

from litestar import Response, get
from litestar.di import Provide
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import OPT
from kernel.clock import Clock
from kernel.handing import PDF
from quality import indicators
from quality.annotations.service import of_file
from quality.parameters import Late, Small, asked, counted
from quality.printed import paper_of
from quality.readers import NUMBERS
from quality.repository import Scope
from quality.workbook import Language
from server.paper.handing import FONTS, to_take


@get(
    "/quality/export/pdf",
    opt={OPT: NUMBERS},
    media_type=PDF,
    dependencies={"counted": Provide(counted), "asked": Provide(asked)},
)
async def get_indicators_pdf(
    session: AsyncSession,
    clock: Clock,
    asked: Scope,
    late: Late = "with",
    small: Small = "show",
    language: Language = "zh",
) -> Response[bytes]:
    """All indicators as A4 PDF, with what they mean; `small=hide` for one that is handed on."""
    found, at = await indicators.overview(session, asked, late), clock.now()
    notes, hide = await of_file(session, asked, found), small == "hide"
    name = f"indicators-{asked.last_day}.pdf"
    return await to_take(name, paper_of, found, notes, FONTS, hide=hide, language=language, at=at)
