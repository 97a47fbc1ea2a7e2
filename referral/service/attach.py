"""Papers as pictures: taken in, cleaned, sealed, and handed out to those who treat her."""

import asyncio
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel import media
from kernel.blobs import BlobLost, BlobStore
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import CaseId, PatientId, new_id
from kernel.media.broken import Broken
from kernel.viewer import Viewer
from referral.commands.fields import Act
from referral.commands.on_papers import Attach
from referral.errors import FileLost, FileRefused, FileTooLarge
from referral.models import AttachmentRow
from referral.papers import Papers
from referral.repository import CaseRepository
from referral.service.desk import at_desk
from referral.states import ReferralAction
from registry.pregnancies import access
from registry.pregnancies.access import Purpose


async def attach(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    store: BlobStore,
    case_id: UUID,
    order: Attach,
    content: bytes,
) -> CaseId:
    """Keep one file of a case; the same file again is the same attachment.

    Raises:
        NotFound: unknown or foreign, before anything is kept.
        FileTooLarge, FileRefused: it cannot be kept.
    """
    await CaseRepository(session, viewer).get(case_id)
    media_type, clean = await asyncio.to_thread(cleaned, store, content)
    digest = await asyncio.to_thread(store.put, clean)
    act = Act(version=0)
    async with at_desk(
        session, clock, viewer, case_id, act, check_version=False, bump=False
    ) as desk:
        side = desk.move_case(ReferralAction.COMPLETE_RECORD)
        if await _attached(Papers(session, viewer), desk.case_id, digest):
            return desk.case_id
        process = viewer.is_process
        row = AttachmentRow(
            id=new_id(),
            case_id=desk.case_id,
            baby=order.baby,
            kind=order.kind,
            media_type=media_type,
            size_bytes=len(clean),
            sha256=digest,
            at=desk.at,
            person_id=None if process else viewer.person_id,
            facility_id=None if process else viewer.facility_id,
        )
        session.add(row)
        facts = {
            "attachment_id": row.id,
            "kind": row.kind,
            "baby": row.baby,
            "media_type": row.media_type,
            "size_bytes": row.size_bytes,
            "sha256": digest.hex(),
        }
        await desk.write("attachment.added", facts, side=side)
    return desk.case_id


def cleaned(store: BlobStore, content: bytes) -> tuple[str, bytes]:
    """What a file is, and its bytes without what they must not carry (blocking).

    Raises:
        FileTooLarge, FileRefused: it cannot be kept.
    """
    if len(content) > store.max_bytes:
        raise FileTooLarge(limit_mb=store.max_bytes // 1_000_000)
    try:
        return media.cleaned(content)
    except Broken as error:
        raise FileRefused(reason=error.reason) from error


async def _attached(papers: Papers, case_id: UUID, digest: bytes) -> bool:
    struck = await papers.withdrawals(case_id)
    rows = await papers.attachments(case_id)
    return any(row.sha256 == digest and row.id not in struck for row in rows)


async def fetch(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    store: BlobStore,
    case_id: UUID,
    attachment_id: UUID,
) -> tuple[str, str, bytes]:
    """File name, media type and bytes; logged with the patient.

    Raises:
        NotFound: unknown, foreign, or struck through.
        FileLost: its bytes are missing or changed.
    """
    rows = await CaseRepository(session, viewer).get(case_id)
    papers = Papers(session, viewer)
    row = await papers.attachment(case_id, attachment_id)
    if await papers.withdrawn(row.id):
        raise NotFound()
    case = rows.referral
    patients = [PatientId(case.patient_id)]
    at = clock.now()
    await access.record(session, at, viewer, patients, Purpose.CASE, CaseId(case.id))
    try:
        content = await asyncio.to_thread(store.get, row.sha256)
    except BlobLost as error:
        raise FileLost() from error
    name = f"{case.number}-{row.kind}-{row.id.hex[-6:]}.{media.SUFFIX[row.media_type]}"
    return name, row.media_type, content
