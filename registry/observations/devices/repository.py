"""Scoped reads of devices: a house sees its own; a pairing is seen by who sees the woman."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, text, true
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import NotFound
from kernel.ids import PregnancyId
from kernel.viewer import Viewer
from registry.observations.models import DeviceRow, MessageRow, PairingRow

_BY_TOKEN = text("SELECT id, serial, kind, facility_id FROM observation_device_of(:token)")


class DeviceRepository:
    """Devices of the viewer's houses."""

    def __init__(self, session: AsyncSession, viewer: Viewer) -> None:
        self._session = session
        self._viewer = viewer

    def _mine(self) -> ColumnElement[bool]:
        if self._viewer.is_process:
            return true()
        return DeviceRow.facility_id.in_(self._viewer.facility_ids)

    async def locked(self, device_id: UUID) -> DeviceRow:
        """One device, held until the transaction ends.

        Raises:
            NotFound: unknown or foreign.
        """
        wanted = select(DeviceRow).where(DeviceRow.id == device_id, self._mine())
        found = (await self._session.execute(wanted.with_for_update())).scalar_one_or_none()
        if found is None:
            raise NotFound()
        return found

    async def all(self, only: UUID | None = None) -> Sequence[DeviceRow]:
        """The houses' devices, newest first."""
        wanted = select(DeviceRow).where(self._mine())
        if only is not None:
            wanted = wanted.where(DeviceRow.id == only)
        wanted = wanted.order_by(DeviceRow.created_at.desc(), DeviceRow.id.desc())
        return (await self._session.execute(wanted)).scalars().all()

    async def open_pairings(self, devices: Collection[UUID]) -> dict[UUID, PairingRow]:
        """Whom these devices measure now."""
        wanted = select(PairingRow).where(
            PairingRow.device_id.in_(devices), PairingRow.to_at.is_(None)
        )
        rows = (await self._session.execute(wanted)).scalars()
        return {row.device_id: row for row in rows}

    async def pairing_at(self, device_id: UUID, at: datetime) -> PairingRow | None:
        """Whom the device measured at a moment."""
        wanted = select(PairingRow).where(
            PairingRow.device_id == device_id,
            PairingRow.from_at <= at,
            or_(PairingRow.to_at.is_(None), PairingRow.to_at > at),
        )
        wanted = wanted.order_by(PairingRow.from_at.desc()).limit(1)
        return (await self._session.execute(wanted)).scalar_one_or_none()

    async def pairings_of(
        self, pregnancy_id: PregnancyId
    ) -> Sequence[tuple[PairingRow, DeviceRow]]:
        """Devices that measure her or measured her, newest first."""
        wanted = (
            select(PairingRow, DeviceRow)
            .join(DeviceRow, DeviceRow.id == PairingRow.device_id)
            .where(PairingRow.pregnancy_id == pregnancy_id)
            .order_by(PairingRow.from_at.desc())
        )
        return [(row[0], row[1]) for row in (await self._session.execute(wanted)).all()]

    async def last_messages(self, devices: Collection[UUID]) -> dict[UUID, datetime]:
        """When each device was heard last."""
        wanted = (
            select(MessageRow.device_id, func.max(MessageRow.received_at))
            .where(MessageRow.device_id.in_(devices))
            .group_by(MessageRow.device_id)
        )
        return {row[0]: row[1] for row in (await self._session.execute(wanted)).all()}

    async def messages(self, device_id: UUID, sequences: Collection[int]) -> dict[int, MessageRow]:
        """Those of these messages that came before."""
        wanted = select(MessageRow).where(
            MessageRow.device_id == device_id, MessageRow.sequence.in_(sequences)
        )
        rows = (await self._session.execute(wanted)).scalars()
        return {row.sequence: row for row in rows}


async def device_of(session: AsyncSession, token: bytes) -> tuple[UUID, str, UUID] | None:
    """Id, kind and house of the live device with this token's hash."""
    row = (await session.execute(_BY_TOKEN, {"token": token})).one_or_none()
    return None if row is None else (row.id, row.kind, row.facility_id)
