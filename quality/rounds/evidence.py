"""Evidence: pictures and PDFs of an entry, a visit or a task, cleaned and sealed like a case's."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel import media
from kernel.blobs import BlobLost, BlobStore
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import CaseId, new_id
from kernel.viewer import Viewer
from quality.rounds import store
from quality.rounds.errors import ItemUnknown
from quality.rounds.sides import entry_step, say
from quality.rounds.states import EntryAction
from referral.errors import FileLost
from referral.service.attach import cleaned

_ADD = text(
    "INSERT INTO assessment_file (id, entry_id, code, visit_id, task_id, media_type, size_bytes,"
    "  sha256, person_id, at) VALUES (:id, :entry_id, :code, :visit_id, :task_id, :media_type,"
    "  :size_bytes, :sha256, :by, :at)"
)
_OF_ENTRY = text(
    "SELECT * FROM assessment_file WHERE entry_id = :id AND withdrawn_at IS NULL ORDER BY at, id"
)
_ONE = text("SELECT * FROM assessment_file WHERE id = :id AND withdrawn_at IS NULL")
_WITHDRAW = text("UPDATE assessment_file SET withdrawn_at = :at WHERE id = :id")


@dataclass(frozen=True, slots=True)
class Where:
    """What a file belongs to, besides the entry."""

    code: str | None = None
    visit_id: UUID | None = None
    task_id: UUID | None = None


async def of_entry(session: AsyncSession, entry_id: UUID) -> Sequence[Row[Any]]:
    """Files that the viewer sees, oldest first; those of a visit only once it is open to her."""
    return (await session.execute(_OF_ENTRY, {"id": entry_id})).all()


async def add(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    blobs: BlobStore,
    entry_id: UUID,
    code: str,
    content: bytes,
) -> UUID:
    """Keep a piece of evidence of an item while the self-check is written.

    Raises:
        NotFound: unknown or foreign, before anything is kept.
        StepMoved, OtherSide: the self-check is not the viewer's to write now.
        ItemUnknown: the round has no such item.
        FileTooLarge, FileRefused: it cannot be kept.
    """
    row = await store.locked(session, entry_id)
    entry_step(row, None, EntryAction.ANSWER)
    if store.plan_of(await store.round_(session, row.round_id)).item(code) is None:
        raise ItemUnknown(code=code)
    chain_of = CaseId(row.id)
    return await keep(session, clock, viewer, blobs, row.id, Where(code), content, chain_of)


async def keep(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    blobs: BlobStore,
    entry_id: UUID,
    where: Where,
    content: bytes,
    chain_of: CaseId,
) -> UUID:
    """Clean, seal and name a file; the same again in the same place is the same file."""
    media_type, clean = await asyncio.to_thread(cleaned, blobs, content)
    digest = await asyncio.to_thread(blobs.put, clean)
    for one in await of_entry(session, entry_id):
        if bytes(one.sha256) == digest and where == Where(one.code, one.visit_id, one.task_id):
            found: UUID = one.id
            return found
    file_id = new_id()
    values = {
        "id": file_id,
        "entry_id": entry_id,
        "code": where.code,
        "visit_id": where.visit_id,
        "task_id": where.task_id,
        "media_type": media_type,
        "size_bytes": len(clean),
        "sha256": digest,
        "by": viewer.person_id,
        "at": clock.now(),
    }
    await session.execute(_ADD, values)
    facts: dict[str, object] = {"file_id": file_id, "code": where.code, "sha256": digest.hex()}
    await say(session, clock, viewer, chain_of, "assessment.evidence_added", facts)
    return file_id


async def withdraw(session: AsyncSession, clock: Clock, viewer: Viewer, file_id: UUID) -> UUID:
    """Take a piece of evidence back while the self-check is written; its bytes stay.

    Raises:
        NotFound: unknown, foreign, or none of the self-check's.
        StepMoved, OtherSide: the self-check is not the viewer's to write now.
    """
    file = await _one(session, file_id)
    if file.visit_id is not None or file.task_id is not None:
        raise NotFound()
    row = await store.locked(session, file.entry_id)
    entry_step(row, None, EntryAction.ANSWER)
    await session.execute(_WITHDRAW, {"id": file_id, "at": clock.now()})
    facts: dict[str, object] = {"file_id": file_id, "code": file.code}
    await say(session, clock, viewer, CaseId(row.id), "assessment.evidence_withdrawn", facts)
    found: UUID = row.id
    return found


async def _one(session: AsyncSession, file_id: UUID) -> Row[Any]:
    row = (await session.execute(_ONE, {"id": file_id})).one_or_none()
    if row is None:
        raise NotFound()
    return row


async def fetch(session: AsyncSession, blobs: BlobStore, file_id: UUID) -> tuple[str, str, bytes]:
    """File name, media type and bytes.

    Raises:
        NotFound: unknown, foreign or taken back.
        FileLost: its bytes are missing or changed.
    """
    row = await _one(session, file_id)
    try:
        content = await asyncio.to_thread(blobs.get, bytes(row.sha256))
    except BlobLost as error:
        raise FileLost() from error
    return f"{row.id.hex[-8:]}.{media.SUFFIX[row.media_type]}", row.media_type, content
