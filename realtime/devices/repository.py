"""Scoped reads of devices: a house sees its own, the platform's administrator all."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from kernel.errors import NotFound
from kernel.ids import DeviceId
from kernel.viewer import Viewer
from realtime.models import Device, DeviceEvent, Pulse, Recording
from registry.facilities.keeping import in_sight, keeps

HEARD_WITHIN: Final = timedelta(days=31)
"""A monitor that has recorded nothing for so long is said to be silent, not for how long."""


class DeviceRepository:
    """Devices that `viewer` may see."""

    def __init__(self, session: AsyncSession, viewer: Viewer) -> None:
        self._session = session
        self._viewer = viewer

    def _visible(self) -> ColumnElement[bool]:
        return in_sight(self._viewer, Device.facility_id)

    async def all(self) -> Sequence[Device]:
        """All of them, by serial number."""
        wanted = select(Device).where(self._visible()).order_by(Device.serial)
        return (await self._session.scalars(wanted)).all()

    async def newest(self, at: datetime) -> dict[UUID, tuple[Recording, Pulse | None]]:
        """By device, the newest recording of the viewer's houses and its last sign of life."""
        newest = (
            select(Recording)
            .where(
                Recording.facility_id.in_(self._viewer.facility_ids),
                Recording.opened_at > at - HEARD_WITHIN,
            )
            .distinct(Recording.device_id)
            .order_by(Recording.device_id, Recording.no.desc())
            .subquery()
        )
        recording = aliased(Recording, newest)
        wanted = select(recording, Pulse).outerjoin(Pulse, Pulse.recording_id == recording.id)
        rows = (await self._session.execute(wanted)).all()
        return {row[0].device_id: (row[0], row[1]) for row in rows}

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
