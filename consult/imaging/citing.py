"""Frames that an opinion may rest on, and what is quoted of one."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from consult.imaging.errors import NoPixels, NoSuchFrame, StillHeld, TakenOut
from consult.imaging.models import InstanceRow
from consult.imaging.parse import Summary
from consult.imaging.queries import summary_of
from consult.imaging.repository import ScanRepository
from consult.imaging.states import StudyState
from kernel.errors import NotFound
from kernel.ids import PregnancyId
from kernel.viewer import Viewer

CALLED: Final = {
    "US": ("超声", "Ultrasound"),
    "MR": ("磁共振", "MR"),
    "CT": ("CT", "CT"),
    "CR": ("X 线", "X-ray"),
    "DX": ("X 线", "X-ray"),
}


class ScanRef(msgspec.Struct, frozen=True):
    """A file of hers with pictures in it; `at` is when it was brought."""

    id: UUID
    zh: str
    en: str
    frames: int
    at: datetime


class SeenFrame(msgspec.Struct, frozen=True):
    """One frame in words, with the file's study, series and instance UIDs and its hash."""

    zh: str
    en: str
    at: datetime
    uids: list[str]
    sha256: str


async def citable_scans(
    session: AsyncSession, viewer: Viewer, pregnancy_id: PregnancyId
) -> list[ScanRef]:
    """Pictures and clips whose identity is settled, by study."""
    repository = ScanRepository(session, viewer)
    filed = [row.id for row in await repository.of(pregnancy_id) if row.state == StudyState.FILED]
    found = []
    for row in await repository.instances(filed):
        summary = summary_of(row)
        if _is_shown(summary):
            zh, en = _called(summary)
            found.append(ScanRef(row.id, zh, en, summary.frames, row.at))
    return found


async def cited_frame(
    session: AsyncSession,
    viewer: Viewer,
    pregnancy_id: PregnancyId,
    instance_id: UUID,
    frame: int,
) -> SeenFrame:
    """Frame `frame` (1 is the first) of one file.

    Raises:
        NotFound: unknown, foreign, or another woman's.
        StillHeld, TakenOut: its study is not filed.
        NoPixels: nothing of it can be shown.
        NoSuchFrame: it has fewer frames.
    """
    row, study = await ScanRepository(session, viewer).instance(instance_id)
    if row.pregnancy_id != pregnancy_id:
        raise NotFound()
    if study.state == StudyState.HELD:
        raise StillHeld()
    if study.state == StudyState.WITHDRAWN:
        raise TakenOut()
    summary = summary_of(row)
    if not _is_shown(summary):
        raise NoPixels()
    if frame > summary.frames:
        raise NoSuchFrame(detail=str(frame))
    return _seen(row, summary, frame)


def _is_shown(summary: Summary) -> bool:
    return summary.why_not is None and summary.frames > 0


def _called(summary: Summary) -> tuple[str, str]:
    zh, en = CALLED.get(summary.modality, (summary.modality, summary.modality))
    words = summary.series_description or summary.study_description
    return f"{zh} {words}".strip(), f"{en} {words}".strip()


def _seen(row: InstanceRow, summary: Summary, frame: int) -> SeenFrame:
    zh, en = _called(summary)
    if summary.frames > 1:
        zh, en = f"{zh} 第 {frame} 帧", f"{en}, frame {frame}"
    return SeenFrame(
        zh=zh,
        en=en,
        at=row.at,
        uids=[summary.study_uid, summary.series_uid, summary.sop_uid],
        sha256=row.sha256.hex(),
    )
