"""Registering devices, pairing them with whom they measure, revoking them."""

import secrets
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.errors import NotAllowed, NotFound
from kernel.ids import PregnancyId, new_id
from kernel.tokens import token_hash
from kernel.viewer import Viewer
from registry.observations.devices.repository import DeviceRepository
from registry.observations.devices.rules import ON_NEWBORNS
from registry.observations.devices.schemas import NewDevice, NewPairing
from registry.observations.errors import DeviceRevoked, WrongSubject
from registry.observations.models import DeviceRow, PairingRow
from registry.pregnancies.repository import PregnancyRepository


async def register(
    session: AsyncSession, clock: Clock, viewer: Viewer, order: NewDevice
) -> tuple[DeviceRow, str]:
    """A device of the viewer's house, and its token, which exists here and on the device only.

    Raises:
        NotAllowed: the viewer treats in no house.
        Conflict: the serial number is registered.
    """
    if viewer.facility_id not in viewer.facility_ids:
        raise NotAllowed(reason="facility")
    token = secrets.token_urlsafe(32)
    row = DeviceRow(
        id=new_id(),
        serial=order.serial,
        kind=order.kind,
        facility_id=viewer.facility_id,
        token_hash=token_hash(token),
        created_at=clock.now(),
        created_by=viewer.person_id,
    )
    session.add(row)
    await session.flush()  # a serial that is taken refuses here
    return row, token


async def pair(
    session: AsyncSession, clock: Clock, viewer: Viewer, device_id: UUID, order: NewPairing
) -> None:
    """From now on the device measures her (or this newborn); a former pairing ends.

    Raises:
        NotFound: device, pregnancy or newborn is unknown or foreign.
        DeviceRevoked: its token opens nothing any more.
        WrongSubject: this kind measures newborns only, or mothers only.
    """
    device = await DeviceRepository(session, viewer).locked(device_id)
    if device.revoked_at is not None:
        raise DeviceRevoked()
    hers = PregnancyId(order.pregnancy_id)
    registry = PregnancyRepository(session, viewer)
    await registry.pregnancy(hers)
    children = (await registry.newborns([hers])).get(hers, [])
    if order.newborn_id is not None and order.newborn_id not in {one.id for one in children}:
        raise NotFound()
    if (device.kind in ON_NEWBORNS) != (order.newborn_id is not None):
        subject = "mother" if order.newborn_id is None else "newborn"
        raise WrongSubject(observation=device.kind, subject=subject)
    await _end(session, clock, device_id)
    session.add(
        PairingRow(
            id=new_id(),
            device_id=device_id,
            pregnancy_id=hers,
            newborn_id=order.newborn_id,
            from_at=clock.now(),
            paired_by=viewer.person_id,
        )
    )
    await session.flush()  # policies refuse here


async def unpair(session: AsyncSession, clock: Clock, viewer: Viewer, device_id: UUID) -> None:
    """From now on the device measures nobody.

    Raises:
        NotFound: unknown or foreign.
    """
    await DeviceRepository(session, viewer).locked(device_id)
    await _end(session, clock, device_id)


async def revoke(session: AsyncSession, clock: Clock, viewer: Viewer, device_id: UUID) -> None:
    """The device's token opens nothing any more, and it measures nobody.

    Raises:
        NotFound: unknown or foreign.
    """
    device = await DeviceRepository(session, viewer).locked(device_id)
    if device.revoked_at is None:
        device.revoked_at = clock.now()
    await _end(session, clock, device_id)


async def _end(session: AsyncSession, clock: Clock, device_id: UUID) -> None:
    wanted = select(PairingRow).where(PairingRow.device_id == device_id, PairingRow.to_at.is_(None))
    for row in (await session.execute(wanted)).scalars():
        row.to_at = clock.now()
    await session.flush()  # one open pairing per device: the old one ends before the new begins
