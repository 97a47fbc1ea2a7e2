"""Stills that an opinion may rest on, and what is quoted of one: the file and what stood on it."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from consult.rooms.stills import drawing, store
from kernel.errors import NotFound
from kernel.ids import PregnancyId

CALLED: Final = {
    "camera": ("摄像头画面", "camera"),
    "screen": ("共享屏幕", "shared screen"),
    "ultrasound": ("超声画面", "ultrasound"),
    "tracing": ("胎心监护", "tracing"),
}


class StillRef(msgspec.Struct, frozen=True):
    """A still of a room that was about her; `at` is when it was taken."""

    id: UUID
    zh: str
    en: str
    at: datetime


class SeenStill(msgspec.Struct, frozen=True):
    """A still in words, the hash of its file, and that of the marks that stand, if any do."""

    zh: str
    en: str
    at: datetime
    sha256: str
    marks_sha256: str | None


async def citable_stills(session: AsyncSession, pregnancy_id: PregnancyId) -> list[StillRef]:
    """Stills of the rooms that were about her, the newest first."""
    rows = await store.of_pregnancy(session, pregnancy_id)
    return [StillRef(row.id, *_called(row), row.taken_at) for row in rows]


async def cited_still(
    session: AsyncSession, pregnancy_id: PregnancyId, still_id: UUID
) -> SeenStill:
    """One still with the marks that stand on it now.

    Raises:
        NotFound: unknown, foreign, or another woman's.
    """
    rows = await store.of_pregnancy(session, pregnancy_id)
    row = next((row for row in rows if row.id == still_id), None)
    if row is None:
        raise NotFound()
    zh, en = _called(row)
    drawn = await store.marks(session, [still_id])
    stands = drawing.standing(drawn)
    if stands:
        version = max(mark.n for mark in drawn)
        zh, en = f"{zh}，标注第 {version} 版", f"{en}, marks version {version}"
    return SeenStill(
        zh=zh,
        en=en,
        at=row.taken_at,
        sha256=row.sha256.hex(),
        marks_sha256=drawing.digest(stands) if stands else None,
    )


def _called(row: Row[Any]) -> tuple[str, str]:
    zh, en = CALLED[row.source]
    return f"{zh}定格图像", f"Still: {en}"
