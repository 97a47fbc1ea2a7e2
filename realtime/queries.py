"""Reads of recordings."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.ids import CaseId, PregnancyId, RecordingId
from kernel.viewer import Viewer
from realtime.errors import RangeInvalid
from realtime.frames import MAX_SEQ, seq_of
from realtime.models import Binding, Gap
from realtime.repository import RecordingRepository, Row
from registry.pregnancies.repository import PregnancyRepository

PAGE_FRAMES = 3_600


async def list_recordings(
    session: AsyncSession,
    viewer: Viewer,
    *,
    unbound: bool | None,
    live: bool | None,
    pregnancy_id: PregnancyId | None,
    case_id: CaseId | None,
) -> Sequence[Row]:
    """Recordings open to the viewer; of a case: those of its pregnancy, whenever made."""
    if case_id is not None and pregnancy_id is None:
        records = await PregnancyRepository(session, viewer).of_cases([case_id])
        if case_id in records:
            pregnancy_id = PregnancyId(records[case_id][0].id)
    return await RecordingRepository(session, viewer).newest(
        unbound=unbound, live=live, pregnancy_id=pregnancy_id, case_id=case_id
    )


async def get_recording(
    session: AsyncSession, viewer: Viewer, recording_id: RecordingId
) -> tuple[Row, Sequence[Gap], int]:
    """One recording with its gaps and the number of contradicted seconds, or `NotFound`."""
    repository = RecordingRepository(session, viewer)
    row = await repository.one(recording_id)
    return row, await repository.gaps(recording_id), await repository.conflicts(recording_id)


async def read_frames(
    session: AsyncSession,
    viewer: Viewer,
    recording_id: RecordingId,
    first: int,
    last: int | None,
) -> tuple[bytes, int]:
    """Frames of `first..last`, at most an hour, and the number to go on with (0 at the end)."""
    top = MAX_SEQ if last is None else last
    if not 1 <= first <= top <= MAX_SEQ:
        raise RangeInvalid(from_seq=first, to_seq=top)
    repository = RecordingRepository(session, viewer)
    await repository.one(recording_id)
    found = await repository.frames(recording_id, first, top, PAGE_FRAMES + 1)
    page, rest = found[:PAGE_FRAMES], found[PAGE_FRAMES:]
    following = seq_of(rest[0]) if rest else 0
    return b"".join(page), following


async def list_bindings(
    session: AsyncSession, viewer: Viewer, recording_id: RecordingId
) -> Sequence[Binding]:
    """A recording's bindings, newest first, or `NotFound`."""
    repository = RecordingRepository(session, viewer)
    await repository.one(recording_id)
    return await repository.bindings(recording_id)
