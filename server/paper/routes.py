"""HTTP for paper: what may be printed, issuing it, the PDF itself, and checking a code."""

from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import Parameter
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import CLINICAL, OPT, PUBLIC
from kernel.clock import Clock
from kernel.database import Database
from kernel.errors import NotFound
from kernel.idempotency import once
from kernel.ids import CaseId, PatientId, PersonId
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from referral.paper import issue as issuing
from referral.paper.model import TITLES, PaperKind
from referral.paper.models import IssuedDocumentRow
from referral.paper.press import Press
from referral.paper.verify import Verification, verify
from registry.people import queries as people
from registry.people.schemas import PersonRef
from registry.pregnancies import access
from registry.pregnancies.repository import PregnancyRepository
from server.paper.compose import available, compose, gather, held
from server.paper.exercises import get_exercise_pdf
from server.paper.handing import FONTS, kept, origin
from server.paper.indicators import get_indicators_pdf
from server.paper.limits import Turnstile
from server.paper.obligations import get_obligations_pdf
from server.paper.returns import get_return_pdf
from server.paper.reviews import get_review_pack_pdf, get_review_sheet_pdf
from server.paper.rounds import get_round_pdf
from server.settings import Settings

Code = Annotated[str, Parameter(min_length=1, max_length=60)]
"""A code as typed or scanned."""


class IssuedPaper(msgspec.Struct, kw_only=True):
    """One paper."""

    id: UUID
    kind: PaperKind
    code: str
    issued_at: datetime
    issued_by: PersonRef | None
    path: str
    pdf_sha256: str
    current: bool


class Printable(msgspec.Struct, kw_only=True):
    """A kind of document: whether it can be issued now, and the papers that were."""

    kind: PaperKind
    title: str
    available: bool
    issued: list[IssuedPaper]


class IssuePaper(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The body of a request that says everything in its path."""


class Done(msgspec.Struct, frozen=True):
    """What an idempotency key remembers."""

    document_id: UUID


@lru_cache
def press() -> Press:
    """One press per process: fonts are read once."""
    return Press(FONTS)


@lru_cache
def turnstile() -> Turnstile:
    """One per process."""
    return Turnstile()


@get("/cases/{case_id:uuid}/documents", opt={OPT: CLINICAL})
async def list_documents(
    case_id: UUID, session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer
) -> list[Printable]:
    """Every kind of document of this case, with what was issued."""
    sources = await gather(session, clock, viewer, sealer, case_id)
    rows = await issuing.issued(session, viewer, case_id)
    named = await people.get_many(session, {PersonId(row.issued_by) for row in rows})
    found = []
    for kind in PaperKind:
        there = available(sources, kind)
        content = compose(sources, kind).content_hash if there else None
        papers = [_issued(row, named, content) for row in rows if row.kind == kind]
        if there or papers:
            found.append(Printable(kind=kind, title=TITLES[kind], available=there, issued=papers))
    return found


@post("/cases/{case_id:uuid}/documents/{kind:str}", opt={OPT: CLINICAL})
async def issue_document(
    case_id: UUID,
    kind: PaperKind,
    data: IssuePaper,
    request: Request[Any, Any, Any],
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    settings: Settings,
    idempotency_key: str | None,
) -> IssuedPaper:
    """Issue a document; one that says the same already is given again."""
    url = f"{origin(request, settings)}/verify"

    async def work() -> Done:
        async with held(session, clock, viewer, case_id):
            document = compose(await gather(session, clock, viewer, sealer, case_id), kind)
            row = await issuing.issue(
                session, clock, viewer, sealer, case_id, document, press(), url
            )
        return Done(row.id)

    operation = f"issue_document/{case_id}/{kind}"
    done = await once(session, viewer, idempotency_key, operation, data, Done, work)
    await session.flush()
    row = await issuing.paper(session, viewer, done.document_id)
    named = await people.get_many(session, {PersonId(row.issued_by)})
    return _issued(row, named, bytes(row.content_hash))


@get("/documents/{document_id:uuid}/pdf", opt={OPT: CLINICAL})
async def get_pdf(
    document_id: UUID, session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer
) -> Response[bytes]:
    """The paper, byte for byte as it was issued; logged with the patient."""
    row = await issuing.paper(session, viewer, document_id)
    case_id = CaseId(row.case_id)
    known = await PregnancyRepository(session, viewer).of_cases([case_id])
    if case_id not in known:
        raise NotFound()
    patients = [PatientId(known[case_id][1].id)]
    await access.record(session, clock.now(), viewer, patients, access.Purpose.CASE, case_id)
    name = f"{TITLES[PaperKind(row.kind)]}-{row.code[:4]}.pdf"
    return kept(name, sealer.open_bytes(bytes(row.pdf_sealed), issuing.FIELD))


@get("/verify/{code:str}", opt={OPT: PUBLIC})
async def verify_code(
    code: Code, request: Request[Any, Any, Any], database: Database, viewer: Viewer, clock: Clock
) -> Verification:
    """Whether a paper is genuine, by its code as typed; says nothing about whose it is."""
    address = request.client.host if request.client else "local"
    turnstile().enter(address, clock.now())
    async with database.session(viewer) as session:
        return await verify(session, code)


async def shown(session: AsyncSession, viewer: Viewer, document_id: UUID, path: str) -> IssuedPaper:
    """A paper that is no case's form, found at a path of its own."""
    row = await issuing.paper(session, viewer, document_id)
    named = await people.get_many(session, {PersonId(row.issued_by)})
    return msgspec.structs.replace(_issued(row, named, bytes(row.content_hash)), path=path)


def _issued(
    row: IssuedDocumentRow, named: dict[PersonId, PersonRef], content: bytes | None
) -> IssuedPaper:
    return IssuedPaper(
        id=row.id,
        kind=PaperKind(row.kind),
        code=row.code,
        issued_at=row.issued_at,
        issued_by=named.get(PersonId(row.issued_by)),
        path=f"/api/documents/{row.id}/pdf",
        pdf_sha256=bytes(row.pdf_hash).hex(),
        current=bytes(row.content_hash) == content,
    )


router = Router(
    "/",
    route_handlers=[
        list_documents,
        issue_document,
        get_pdf,
        verify_code,
        get_return_pdf,
        get_exercise_pdf,
        get_indicators_pdf,
        get_obligations_pdf,
        get_round_pdf,
        get_review_pack_pdf,
        get_review_sheet_pdf,
    ],
    tags=["documents"],
)
