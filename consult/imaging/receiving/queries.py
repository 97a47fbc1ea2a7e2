"""Reads of what waits at a house."""

from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from consult.imaging.comparing import Header, Likeness, Woman, likeness
from consult.imaging.receiving.models import ArrivalRow, ArrivedFileRow, MachineRow
from consult.imaging.receiving.repository import ArrivalRepository
from consult.imaging.receiving.schemas import Arrival
from consult.imaging.taking import HEADER_FIELD, woman, woman_of
from consult.names import Names, names
from kernel.sealing import Sealer
from kernel.viewer import Viewer

_ORDER: dict[Likeness | None, int] = {"same": 0, "unread": 1, "absent": 2, "differs": 3}


async def arrivals(session: AsyncSession, viewer: Viewer, sealer: Sealer) -> list[Arrival]:
    """What waits at the viewer's houses, the newest first."""
    return await _told(session, viewer, sealer, None)


async def arrivals_for(
    session: AsyncSession, viewer: Viewer, sealer: Sealer, case_id: UUID
) -> list[Arrival]:
    """What waits, beside the case's woman: the likeliest first, then the newest.

    Raises:
        NotFound: the case is not open to the viewer.
    """
    hers = await woman_of(session, viewer, case_id)
    found = await _told(session, viewer, sealer, woman(sealer, hers))
    return sorted(found, key=lambda one: _ORDER[one.likeness])


async def _told(
    session: AsyncSession, viewer: Viewer, sealer: Sealer, her: Woman | None
) -> list[Arrival]:
    repository = ArrivalRepository(session, viewer)
    rows = await repository.waiting()
    files: dict[UUID, list[ArrivedFileRow]] = {}
    for file in await repository.files([row.id for row, _ in rows]):
        files.setdefault(file.arrival_id, []).append(file)
    known = await names(session, (), {row.facility_id for row, _ in rows})
    return [
        _one(row, machine, files[row.id], known, header, her)
        for row, machine in rows
        if row.id in files and (header := _header(sealer, row)) is not None
    ]


def _header(sealer: Sealer, row: ArrivalRow) -> Header | None:
    if row.header_sealed is None:
        return None
    return msgspec.json.decode(sealer.open_bytes(row.header_sealed, HEADER_FIELD), type=Header)


def _one(
    row: ArrivalRow,
    machine: MachineRow,
    files: list[ArrivedFileRow],
    known: Names,
    header: Header,
    her: Woman | None,
) -> Arrival:
    return Arrival(
        id=row.id,
        machine=machine.name,
        facility=known.house(row.facility_id),
        modality=row.modality,
        study_at=row.study_at,
        description=row.description,
        header=header,
        likeness=None if her is None else likeness(header, her),
        files=len(files),
        size_bytes=sum(file.size_bytes for file in files),
        at=row.at,
        last_at=files[-1].at,
    )
