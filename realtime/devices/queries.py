"""Reads of the device registry."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.ids import DeviceId
from kernel.viewer import Viewer
from realtime.devices.repository import DeviceRepository
from realtime.devices.schemas import (
    DeviceEventOut,
    DeviceOut,
    device_out,
    event_out,
    sample_out,
)
from realtime.models import Device
from registry.facilities.keeping import keeps


async def devices(session: AsyncSession, clock: Clock, viewer: Viewer) -> list[DeviceOut]:
    """Devices open to the viewer, by serial number."""
    repository = DeviceRepository(session, viewer)
    return await _shown(repository, clock, viewer, await repository.all())


async def kept(
    session: AsyncSession, clock: Clock, viewer: Viewer, device_id: DeviceId
) -> DeviceOut:
    """One device that the viewer keeps, or `NotFound`."""
    repository = DeviceRepository(session, viewer)
    (shown,) = await _shown(repository, clock, viewer, [await repository.kept(device_id)])
    return shown


async def history(
    session: AsyncSession, viewer: Viewer, device_id: DeviceId
) -> Sequence[DeviceEventOut]:
    """What was done with a device that the viewer keeps, newest first; or `NotFound`."""
    repository = DeviceRepository(session, viewer)
    await repository.kept(device_id)
    return [event_out(event) for event in await repository.events(device_id)]


async def _shown(
    repository: DeviceRepository, clock: Clock, viewer: Viewer, found: Sequence[Device]
) -> list[DeviceOut]:
    at = clock.now()
    newest = await repository.newest(at)
    return [
        device_out(
            at,
            one,
            keeps=keeps(viewer, one.facility_id),
            sample=sample_out(at, one, newest.get(one.id))
            if one.facility_id in viewer.facility_ids
            else None,
        )
        for one in found
    ]
