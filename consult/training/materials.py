"""Files of a course: taken in by those who teach, sealed, handed out to everybody who sees it."""

import asyncio
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from consult.training import rights, store
from consult.training.errors import MaterialLost, MaterialRefused, MaterialTooLarge
from consult.training.states import CourseAction
from kernel.blobs import BlobLost, BlobStore
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import new_id
from kernel.viewer import Viewer

MAGIC: Final = (
    (b"%PDF-", 0, "application/pdf", "pdf"),
    (b"\x89PNG\r\n\x1a\n", 0, "image/png", "png"),
    (b"\xff\xd8\xff", 0, "image/jpeg", "jpg"),
    (b"ftyp", 4, "video/mp4", "mp4"),
)
"""What is taken in, known by its bytes, never by its name: (mark, where, type, suffix)."""
SUFFIX: Final = {media_type: suffix for _, _, media_type, suffix in MAGIC}

_INSERT = text(
    "INSERT INTO training_material (id, course_id, name, media_type, size_bytes, sha256,"
    "  person_id, at) VALUES (:id, :course_id, :name, :media_type, :size_bytes, :sha256, :by, :at)"
)
_ONE = text("SELECT * FROM training_material WHERE id = :id AND removed_at IS NULL")
_REMOVE = text("UPDATE training_material SET removed_at = :at WHERE id = :id")


def media_type(content: bytes) -> str:
    """What the bytes are; raises `MaterialRefused` for what is not taken in."""
    for mark, at, found, _ in MAGIC:
        if content[at : at + len(mark)] == mark:
            return found
    raise MaterialRefused()


async def add(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    blobs: BlobStore,
    course_id: UUID,
    name: str,
    content: bytes,
) -> None:
    """Keep one file of the course.

    Raises:
        NotFound: unknown, or another house's draft.
        TeachersOnly, CourseMoved: the viewer may not, or it is closed.
        MaterialTooLarge, MaterialRefused: it cannot be kept.
    """
    course = await store.course(session, course_id)
    rights.course_step(viewer, course, course.version, CourseAction.EDIT)
    if len(content) > blobs.max_bytes:
        raise MaterialTooLarge(limit_mb=blobs.max_bytes // 1_000_000)
    found = media_type(content)
    digest = await asyncio.to_thread(blobs.put, content)
    values = {
        "id": new_id(),
        "course_id": course_id,
        "name": name,
        "media_type": found,
        "size_bytes": len(content),
        "sha256": digest,
        "by": viewer.person_id,
        "at": clock.now(),
    }
    await session.execute(_INSERT, values)


async def remove(session: AsyncSession, clock: Clock, viewer: Viewer, material_id: UUID) -> UUID:
    """Take it off the list; the course's id.

    Raises:
        NotFound: unknown, taken off already, or of another house's draft.
        TeachersOnly, CourseMoved: the viewer may not, or the course is closed.
    """
    row = await _material(session, material_id)
    course = await store.course(session, row.course_id)
    rights.course_step(viewer, course, course.version, CourseAction.EDIT)
    await session.execute(_REMOVE, {"id": row.id, "at": clock.now()})
    return UUID(str(row.course_id))


async def fetch(
    session: AsyncSession, blobs: BlobStore, material_id: UUID
) -> tuple[str, str, bytes]:
    """File name, media type and bytes.

    Raises:
        NotFound: unknown, taken off, or of another house's draft.
        MaterialLost: its bytes are missing or changed.
    """
    row = await _material(session, material_id)
    try:
        content = await asyncio.to_thread(blobs.get, bytes(row.sha256))
    except BlobLost as error:
        raise MaterialLost() from error
    return f"{row.name}.{SUFFIX[row.media_type]}", row.media_type, content


async def _material(session: AsyncSession, material_id: UUID) -> Row[Any]:
    row = (await session.execute(_ONE, {"id": material_id})).one_or_none()
    if row is None:
        raise NotFound()
    return row
