"""Files of a case: the bytes as the request's body, what they are in the query."""

from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler
from litestar.params import Parameter

from kernel.access import OPT
from kernel.blobs import BlobStore
from kernel.handing import to_save
from referral.commands.on_papers import Attach, AttachmentKind
from referral.readmodel.dossier import Dossier
from referral.routes.asked import TREATING, Asked, provide_asked
from referral.routes.dossier import do
from referral.service import attach as files

ASKED = {"asked": Provide(provide_asked)}

MAX_UPLOAD_BYTES = 20_000_000
"""Beyond what any installation may allow; this route's own limit of the request's body."""

CONTENT = frozenset(
    {"image/jpeg", "image/png", "image/webp", "application/pdf", "application/octet-stream"}
)


@post(
    "/referrals/{case_id:uuid}/attachments",
    opt={OPT: TREATING, "content": CONTENT},
    dependencies=ASKED,
    request_max_body_size=MAX_UPLOAD_BYTES,
)
async def upload(
    case_id: UUID,
    request: Request[Any, Any, Any],
    asked: Asked,
    blobs: BlobStore,
    kind: AttachmentKind,
    baby: Annotated[int, Parameter(ge=0, le=9)] = 0,
) -> Dossier:
    """Keep a picture or PDF; known by its content, cleaned of place and device, sealed."""
    content = await request.body()
    order = Attach(kind=kind, baby=baby, sha256=sha256(content).hexdigest())
    return await do(
        asked,
        f"upload/{case_id}",
        order,
        lambda: files.attach(
            asked.session, asked.clock, asked.viewer, blobs, case_id, order, content
        ),
    )


@get(
    "/referrals/{case_id:uuid}/attachments/{attachment_id:uuid}/content",
    opt={OPT: TREATING},
    dependencies=ASKED,
)
async def download(
    case_id: UUID, attachment_id: UUID, asked: Asked, blobs: BlobStore
) -> Response[bytes]:
    """The bytes, as a download; every fetch is in the access log."""
    name, media_type, content = await files.fetch(
        asked.session, asked.clock, asked.viewer, blobs, case_id, attachment_id
    )
    return Response(content, media_type=media_type, headers=to_save(name))


HANDLERS: list[BaseRouteHandler] = [upload, download]
