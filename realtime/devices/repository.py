"""Scoped reads of devices: a house sees its own, the platform's administrator all."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import NotFound
from kernel.ids import DeviceId
from kernel.viewer import Role, Viewer
from realtime.models import Device, DeviceEvent


def keeps(viewer: Viewer, facility_id: UUID) -> bool:
    """Whether the viewer keeps the registry of this house."""
    if viewer.has(Role.SYSTEM_ADMIN):
        return True
    return viewer.has(Role.COORDINATOR) and facility_id in viewer.facility_ids


class DeviceRepository:
    """Devices that `viewer` may see."""

    def __init__(self, session: AsyncSession, viewer: Viewer) -> None:
        self._session = session
        self._viewer = viewer

    def _visible(self) -> ColumnElement[bool]:
        if self._viewer.is_process or self._viewer.has(Role.SYSTEM_ADMIN):
            return true()
        return Device.facility_id.in_(self._viewer.facility_ids)

    async def all(self) -> Sequence[Device]:
        """All of them, by serial number."""
        wanted = select(Device).where(self._visible()).order_by(Device.serial)
        return (await self._session.scalars(wanted)).all()

    async def kept(self, device_id: DeviceId) -> Device:
        """One that the viewer keeps, held until the transaction ends.

        Raises:
            NotFound: unknown, foreign, or the viewer only looks.
        """
        wanted = select(Device).where(Device.id == device_id, self._visible())
        found = await self._session.scalar(wanted.with_for_update())
        if found is None or not keeps(self._viewer, found.facility_id):
            raise NotFound()
        return found

    async def events(self, device_id: DeviceId) -> Sequence[DeviceEvent]:
        """What was done with it, newest first."""
        wanted = select(DeviceEvent).where(DeviceEvent.device_id == device_id)
        wanted = wanted.order_by(DeviceEvent.recorded_at.desc(), DeviceEvent.id.desc())
        return (await self._session.scalars(wanted)).all()
