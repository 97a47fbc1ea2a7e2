"""Issues a document: one event on the case's chain, one sealed row, one PDF that never changes.

What was issued and still says the same is given again; so nothing on paper is stale.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, text, true
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.chain import append
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import CaseId, new_id
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from referral.commands.fields import Act
from referral.paper import words
from referral.paper.codes import new_code
from referral.paper.model import Document
from referral.paper.models import IssuedDocumentRow
from referral.paper.press import Press, Stamp
from referral.service.desk import at_desk
from registry.facilities import queries as facilities
from registry.people import queries as people

FIELD = "issued_document.pdf"
"""Under this name the papers are sealed."""

ISSUED = "document.issued"

_HEAD = text("SELECT seq, hash FROM case_head WHERE case_id = :case_id")


async def issue(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    case_id: UUID,
    document: Document,
    press: Press,
    url: str,
) -> IssuedDocumentRow:
    """The newest paper that says this; a new one if none does. The caller holds the case.

    Raises:
        TypefaceMissing: the web bundle has not been built.
    """
    last = await latest(session, viewer, case_id, document.kind)
    if last is not None and bytes(last.content_hash) == document.content_hash:
        return last
    row = await _made(session, clock, viewer, sealer, CaseId(case_id), document, press, url)
    session.add(row)
    return row


@asynccontextmanager
async def held(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID
) -> AsyncIterator[None]:
    """A transfer, locked: two who issue at once issue one paper. After a death too.

    Raises:
        NotFound: unknown or foreign.
    """
    act = Act(version=0)
    async with at_desk(
        session, clock, viewer, case_id, act, check_version=False, bump=False, after_death=True
    ):
        yield


async def _made(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    case_id: CaseId,
    document: Document,
    press: Press,
    url: str,
) -> IssuedDocumentRow:
    """Print it with the chain's head at its foot, and put both hashes on the chain."""
    head = (await session.execute(_HEAD, {"case_id": case_id})).one()
    code, at, id_ = new_code(), clock.now(), new_id()
    stamp = Stamp(
        code=code,
        url=url,
        issued_at=at,
        issued_at_text=words.moment(at) or "",
        issued_by=await _issuer(session, viewer),
        head=f"#{head.seq} {bytes(head.hash).hex()[:8]}",
    )
    pdf = await asyncio.to_thread(press.print, document, stamp)
    facts = {
        "document_id": id_,
        "kind": str(document.kind),
        "content_sha256": document.content_hash.hex(),
        "pdf_sha256": sha256(pdf).hexdigest(),
        "head_seq": head.seq,
        "head_hash": bytes(head.hash).hex(),
    }
    event = await append(session, clock, case_id, ISSUED, viewer=viewer, payload=facts)
    return IssuedDocumentRow(
        id=id_,
        case_id=case_id,
        kind=str(document.kind),
        code=code,
        content_hash=document.content_hash,
        pdf_hash=sha256(pdf).digest(),
        pdf_sealed=sealer.seal_bytes(pdf, FIELD),
        head_seq=head.seq,
        head_hash=bytes(head.hash),
        event_seq=event.seq,
        issued_at=at,
        issued_by=viewer.person_id,
        facility_id=viewer.facility_id,
        drill=document.drill,
        demo=document.demo,
    )


async def _issuer(session: AsyncSession, viewer: Viewer) -> str:
    who = words.person(await people.get(session, viewer.person_id))
    where = words.place(await facilities.get(session, viewer.facility_id))
    return words.joined(where, who, by=" ") or ""


def _scope(viewer: Viewer) -> ColumnElement[bool]:
    if viewer.is_process:
        return true()
    return func.app_sees_identity(IssuedDocumentRow.case_id)


async def issued(
    session: AsyncSession, viewer: Viewer, case_id: UUID
) -> Sequence[IssuedDocumentRow]:
    """Everything issued for a case, newest first."""
    found = (
        select(IssuedDocumentRow)
        .where(IssuedDocumentRow.case_id == case_id, _scope(viewer))
        .order_by(IssuedDocumentRow.issued_at.desc(), IssuedDocumentRow.event_seq.desc())
    )
    return (await session.execute(found)).scalars().all()


async def latest(
    session: AsyncSession, viewer: Viewer, case_id: UUID, kind: str
) -> IssuedDocumentRow | None:
    """The newest paper of one kind."""
    rows = await issued(session, viewer, case_id)
    return next((row for row in rows if row.kind == kind), None)


async def paper(session: AsyncSession, viewer: Viewer, document_id: UUID) -> IssuedDocumentRow:
    """One paper, or `NotFound`."""
    found = select(IssuedDocumentRow).where(IssuedDocumentRow.id == document_id, _scope(viewer))
    row = (await session.execute(found)).scalar_one_or_none()
    if row is None:
        raise NotFound()
    return row
