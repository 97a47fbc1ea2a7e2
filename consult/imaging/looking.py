"""Pictures of a file, and the file itself; every look is in the access log.

The bytes are opened and read after the transaction: decoding may take seconds.
"""

import asyncio
from uuid import UUID

from consult.imaging.errors import ScanLost, TakenOut
from consult.imaging.models import InstanceRow
from consult.imaging.queries import log_opening, must_be_shown, summary_of
from consult.imaging.repository import ScanRepository
from consult.imaging.states import StudyState
from consult.imaging.taking import Desk
from kernel.blobs import BlobLost
from kernel.ids import PregnancyId
from kernel.viewer import Viewer
from registry.pregnancies.repository import PregnancyRepository


async def original(desk: Desk, viewer: Viewer, instance_id: UUID) -> tuple[InstanceRow, bytes]:
    """The file as it is kept.

    Raises:
        NotFound: unknown or foreign.
        TakenOut: its study does not belong here.
        ScanLost: its bytes are missing or changed.
        ArchiveAway: where it lies does not answer.
    """
    async with desk.database.session(viewer) as session:
        row, study = await ScanRepository(session, viewer).instance(instance_id)
        if study.state == StudyState.WITHDRAWN:
            raise TakenOut()
        pregnancy_id = PregnancyId(row.pregnancy_id)
        hers = await PregnancyRepository(session, viewer).pregnancy(pregnancy_id)
        await log_opening(session, desk.clock.now(), viewer, hers, study)
    try:
        return row, await asyncio.to_thread(desk.archive.get, row.sop_uid, row.sha256)
    except BlobLost as error:
        raise ScanLost() from error


async def frames(
    desk: Desk, viewer: Viewer, instance_id: UUID, first: int, count: int
) -> list[bytes]:
    """PNGs of frame `first` (from 0) and of as many of the next as fit; see `ScanInstance`."""
    content = await _shown(desk, viewer, instance_id)
    return await desk.box.frames(content, first, count)


async def rendered(desk: Desk, viewer: Viewer, instance_id: UUID, frame: int, most: int) -> bytes:
    """One frame (from 0) as a plain PNG in the file's own window."""
    content = await _shown(desk, viewer, instance_id)
    return await desk.box.rendered(content, frame, most)


async def _shown(desk: Desk, viewer: Viewer, instance_id: UUID) -> bytes:
    """The file, unless it was found when it came in that it cannot be shown."""
    row, content = await original(desk, viewer, instance_id)
    must_be_shown(summary_of(row))
    return content
