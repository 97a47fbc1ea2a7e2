"""One file from a machine: read in a box, sealed, and noted at the machine's house.

When `arrive` returns, the file is durable: bytes flushed to disk, rows committed. Only then may
the machine be told so, because it may then forget the file.
"""

import asyncio
from dataclasses import dataclass
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from consult.imaging.comparing import Header
from consult.imaging.errors import MachineUnknown
from consult.imaging.parse import Summary
from consult.imaging.parse.box import zero_preamble
from consult.imaging.receiving.models import ArrivalRow, ArrivedFileRow, MachineRow
from consult.imaging.receiving.repository import ArrivalRepository
from consult.imaging.receiving.states import ARRIVAL
from consult.imaging.taking import HEADER_FIELD, Desk, header_of
from kernel.ids import new_id
from kernel.viewer import Viewer

PROCESS = Viewer.system("dicom")


@dataclass(frozen=True, slots=True)
class _Sent:
    """One file as it will be kept."""

    summary: Summary
    header: Header
    digest: bytes
    size: int


async def arrive(desk: Desk, machine_id: UUID, content: bytes) -> bool:
    """Keep one file at the machine's house; False if it was there already.

    Raises:
        MachineUnknown: it may not send, or no longer.
        Refusal: one of `imaging.*`: it cannot be kept.
    """
    summary = await desk.box.summary(content)
    kept = zero_preamble(content)
    digest = await asyncio.to_thread(desk.archive.put, summary.sop_uid, kept)
    sent = _Sent(summary, header_of(summary), digest, len(kept))
    async with desk.database.session(PROCESS) as session:
        machine = await session.get(MachineRow, machine_id)
        if machine is None or machine.revoked_at is not None:
            raise MachineUnknown()
        repository = ArrivalRepository(session, PROCESS)
        await repository.queue(machine.facility_id, summary.study_uid)
        if await repository.has(machine.facility_id, digest):
            return False
        arrival = await _arrival(session, desk, machine, sent)
        file = ArrivedFileRow(
            id=new_id(), arrival_id=arrival.id, facility_id=arrival.facility_id,
            sop_uid=summary.sop_uid, sha256=digest, size_bytes=sent.size, at=desk.clock.now(),
        )  # fmt: skip
        session.add(file)
    return True


async def _arrival(
    session: AsyncSession, desk: Desk, machine: MachineRow, sent: _Sent
) -> ArrivalRow:
    said = msgspec.json.encode(sent.header)
    mark = desk.sealer.blind_index(said.decode(), HEADER_FIELD)
    repository, summary = ArrivalRepository(session, PROCESS), sent.summary
    standing = await repository.standing(machine.facility_id, summary.study_uid, mark)
    if standing is not None:
        return standing
    row = ArrivalRow(
        id=new_id(),
        machine_id=machine.id,
        facility_id=machine.facility_id,
        study_uid=summary.study_uid,
        header_mark=mark,
        header_sealed=desk.sealer.seal_bytes(said, HEADER_FIELD),
        modality=summary.modality,
        study_at=summary.study_at,
        description=summary.study_description,
        state=ARRIVAL.initial,
        at=desk.clock.now(),
    )
    session.add(row)
    await session.flush()  # its files refer to it
    return row
