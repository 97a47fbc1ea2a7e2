"""Reads of the device registry."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.ids import DeviceId
from kernel.viewer import Viewer
from realtime.devices.repository import DeviceRepository
from realtime.devices.schemas import DeviceEventOut, DeviceOut, device_out, event_out
from registry.facilities.keeping import keeps


async def devices(session: AsyncSession, clock: Clock, viewer: Viewer) -> list[DeviceOut]:
    """Devices open to the viewer, by serial number."""
    found = await DeviceRepository(session, viewer).all()
    return [device_out(clock.now(), one, keeps=keeps(viewer, one.facility_id)) for one in found]


async def kept(
    session: AsyncSession, clock: Clock, viewer: Viewer, device_id: DeviceId
) -> DeviceOut:
    """One device that the viewer keeps, or `NotFound`."""
    device = await DeviceRepository(session, viewer).kept(device_id)
    return device_out(clock.now(), device, keeps=True)


async def history(
    session: AsyncSession, viewer: Viewer, device_id: DeviceId
) -> Sequence[DeviceEventOut]:
    """What was done with a device that the viewer keeps, newest first; or `NotFound`."""
    repository = DeviceRepository(session, viewer)
    await repository.kept(device_id)
    return [event_out(event) for event in await repository.events(device_id)]
