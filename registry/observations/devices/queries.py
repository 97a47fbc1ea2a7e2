"""Reads of devices."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import NotFound
from kernel.ids import PregnancyId
from kernel.viewer import Viewer
from registry.observations.devices.repository import DeviceRepository
from registry.observations.devices.schemas import Device, HerDevice, HerDevices, Pairing, Refused
from registry.observations.models import DeviceRow, PairingRow
from registry.observations.repository import ObservationRepository
from registry.observations.schemas import Entry
from registry.pregnancies.repository import PregnancyRepository


async def devices(session: AsyncSession, viewer: Viewer) -> list[Device]:
    """The viewer's houses' devices, newest first."""
    repository = DeviceRepository(session, viewer)
    return await _shown(repository, await repository.all())


async def device(session: AsyncSession, viewer: Viewer, device_id: UUID) -> Device:
    """One device.

    Raises:
        NotFound: unknown or foreign.
    """
    repository = DeviceRepository(session, viewer)
    found = await _shown(repository, await repository.all(device_id))
    if not found:
        raise NotFound()
    return found[0]


async def _shown(repository: DeviceRepository, rows: Sequence[DeviceRow]) -> list[Device]:
    ids = [row.id for row in rows]
    pairings = await repository.open_pairings(ids)
    last = await repository.last_messages(ids)
    return [
        Device(
            id=row.id,
            serial=row.serial,
            kind=row.kind,  # type: ignore[arg-type]
            facility_id=row.facility_id,
            created_at=row.created_at,
            revoked_at=row.revoked_at,
            paired=_pairing(pairings[row.id]) if row.id in pairings else None,
            last_at=last.get(row.id),
        )
        for row in rows
    ]


def _pairing(row: PairingRow) -> Pairing:
    return Pairing(row.pregnancy_id, row.newborn_id, row.from_at, row.to_at)


async def of_pregnancy(
    session: AsyncSession, viewer: Viewer, pregnancy_id: PregnancyId
) -> HerDevices:
    """Devices of one woman and her newborns, and what of theirs was refused.

    Raises:
        NotFound: the pregnancy is not open to the viewer.
    """
    await PregnancyRepository(session, viewer).pregnancy(pregnancy_id)
    pairings = await DeviceRepository(session, viewer).pairings_of(pregnancy_id)
    refused = await ObservationRepository(session, viewer).refused(pregnancy_id)
    return HerDevices(
        [HerDevice(d.id, d.serial, d.kind, _pairing(p)) for p, d in pairings],  # type: ignore[arg-type]
        [
            Refused(
                device_id=row.device_id,
                sequence=row.sequence,
                received_at=row.received_at,
                device_at=row.device_at,
                clock_offset_ms=row.clock_offset_ms,
                code=row.refused or "",
                entries=msgspec.convert(row.body["entries"], list[Entry]),
            )
            for row in refused
        ],
    )
