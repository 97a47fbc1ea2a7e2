"""HTTP for the paper of returns."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.di import Provide
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import OPT
from kernel.handing import PDF
from quality.returns import queries
from quality.returns.asking import provide_puller
from quality.returns.paper import paper_of
from quality.returns.pulling import Puller
from quality.returns.routes import READING
from server.paper.handing import FONTS, origin, to_read
from server.settings import Settings


@get(
    "/quality/returns/{return_id:uuid}/pdf",
    opt={OPT: READING},
    media_type=PDF,
    dependencies={"puller": Provide(provide_puller)},
)
async def get_return_pdf(
    request: Request[Any, Any, Any],
    settings: Settings,
    session: AsyncSession,
    puller: Puller,
    return_id: UUID,
) -> Response[bytes]:
    """The return as A4 PDF in the form's layout, with links to its evidence."""
    found = await queries.one(session, puller, return_id)
    name = f"{found.form.zh}-{found.quality_return.period}.pdf"
    return await to_read(name, paper_of, found, origin(request, settings), FONTS)
