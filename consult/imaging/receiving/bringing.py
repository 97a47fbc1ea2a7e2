"""What waits at a house goes to a case, or belongs nowhere."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from consult.imaging.errors import ScanLost
from consult.imaging.readmodel import UnpackedFile
from consult.imaging.receiving.models import ArrivalRow, ArrivedFileRow
from consult.imaging.receiving.repository import ArrivalRepository
from consult.imaging.receiving.states import ARRIVAL, ArrivalAction, ArrivalState
from consult.imaging.taking import Desk, woman_of
from consult.imaging.unpacking import outcome
from kernel.blobs import BlobLost
from kernel.clock import Clock
from kernel.viewer import Viewer


async def bring(
    desk: Desk, viewer: Viewer, case_id: UUID, arrival_id: UUID, *, deidentify: bool
) -> list[UnpackedFile]:
    """Take its files into the case, as if each had been uploaded; what became of each.

    Broken off and asked again it goes on where it was. Files that come meanwhile are taken too.

    Raises:
        NotFound: the case or the arrival is not open to the viewer.
        IllegalTransition: it waits no more.
    """
    answers: dict[UUID, UnpackedFile] = {}
    while True:
        async with desk.database.session(viewer) as session:
            await woman_of(session, viewer, case_id)
            left = await _left(session, viewer, arrival_id, answers)
            if not left:
                row = await ArrivalRepository(session, viewer).one(arrival_id)
                _settle(row, desk.clock, viewer, ArrivalAction.BRING)
                row.case_id = case_id
                return list(answers.values())
        for file in left:
            answers[file.id] = await outcome(
                desk, viewer, case_id, file.sop_uid, _reading(desk, file), deidentify=deidentify
            )


async def discard(
    session: AsyncSession, clock: Clock, viewer: Viewer, arrival_id: UUID, reason: str
) -> UUID:
    """It belongs to no case here: rows and bytes stay, nothing of it is shown.

    Raises:
        NotFound: unknown, or another house's.
        IllegalTransition: it waits no more.
    """
    row = await ArrivalRepository(session, viewer).one(arrival_id, lock=True)
    _settle(row, clock, viewer, ArrivalAction.DISCARD)
    row.reason = reason
    return row.id


async def _left(
    session: AsyncSession, viewer: Viewer, arrival_id: UUID, done: dict[UUID, UnpackedFile]
) -> list[ArrivedFileRow]:
    repository = ArrivalRepository(session, viewer)
    row = await repository.one(arrival_id, lock=True)
    ARRIVAL.edge(ArrivalState(row.state), ArrivalAction.BRING)
    return [file for file in await repository.files([arrival_id]) if file.id not in done]


def _settle(row: ArrivalRow, clock: Clock, viewer: Viewer, action: ArrivalAction) -> None:
    row.state = ARRIVAL.edge(ArrivalState(row.state), action).to
    row.settled_at, row.settled_by = clock.now(), viewer.person_id
    row.header_sealed = None  # it was kept for a person to compare


def _reading(desk: Desk, file: ArrivedFileRow) -> Callable[[], Awaitable[bytes]]:
    async def read() -> bytes:
        try:
            return await asyncio.to_thread(desk.archive.get, file.sop_uid, file.sha256)
        except BlobLost as error:
            raise ScanLost() from error

    return read
