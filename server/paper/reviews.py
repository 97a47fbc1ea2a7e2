"""HTTP for the paper of reviews: the pack for the panel, 十二格表 for the meeting and the file."""

from uuid import UUID

from litestar import Response, get
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import CLINICAL, OPT
from kernel.clock import Clock
from kernel.handing import PDF
from kernel.viewer import Viewer
from quality.reviews import paper, queries
from server.paper.handing import FONTS, to_read


@get("/case-reviews/{case_review_id:uuid}/pack/pdf", opt={OPT: CLINICAL}, media_type=PDF)
async def get_review_pack_pdf(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_review_id: UUID
) -> Response[bytes]:
    """The newest pack as A4 PDF, without identity; who took it is recorded."""
    pack = await queries.pack_of(session, clock, viewer, case_review_id, "pdf")
    detail = await queries.shown(session, clock, viewer, case_review_id)
    return await to_read("评审资料包.pdf", paper.pack_of, detail, pack, FONTS)


@get("/case-reviews/{case_review_id:uuid}/sheet/pdf", opt={OPT: CLINICAL}, media_type=PDF)
async def get_review_sheet_pdf(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_review_id: UUID
) -> Response[bytes]:
    """十二格表 with conclusion and measures as A4 PDF; empty cells leave room for the pen."""
    detail = await queries.one(session, clock, viewer, case_review_id, "pdf")
    return await to_read("评审十二格表.pdf", paper.sheet_of, detail, FONTS)
