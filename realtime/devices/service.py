"""Commands on devices. Of a token only the hash is kept; whoever issued it saw it once."""

import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from kernel import outbox
from kernel.clock import Clock
from kernel.errors import NotAllowed
from kernel.ids import DeviceId, FacilityId, new_id
from kernel.tokens import token_hash
from kernel.viewer import Role, Viewer
from realtime.alarms import limitbook
from realtime.devices.repository import DeviceRepository
from realtime.devices.schemas import ChangeCtgDevice, NewCtgDevice, RotateToken
from realtime.errors import DeviceRevoked
from realtime.models import Device, DeviceEvent
from registry.facilities import queries as facilities
from registry.facilities.keeping import keeps


async def register(
    session: AsyncSession, clock: Clock, viewer: Viewer, order: NewCtgDevice
) -> tuple[DeviceId, str]:
    """Make a device known; returns its token, which exists here and at the centre only.

    Raises:
        NotAllowed: the viewer keeps no registry there.
        NotFound: there is no such house.
        Conflict: the serial number is registered.
    """
    if viewer.has(Role.SYSTEM_ADMIN) and order.facility_id is not None:
        facility_id = FacilityId(order.facility_id)
        await facilities.get(session, facility_id)
    else:
        facility_id = viewer.facility_id
    if not keeps(viewer, facility_id):
        raise NotAllowed(reason="facility")
    token, at = secrets.token_urlsafe(32), clock.now()
    device = Device(
        id=new_id(),
        serial=order.serial,
        name=order.name,
        kind=order.kind,
        facility_id=facility_id,
        unit=order.unit,
        token_hash=token_hash(token),
        token_at=at,
    )
    session.add(device)
    await session.flush()  # a serial number that is taken is refused here
    detail = {"serial": order.serial, "kind": order.kind, "unit": order.unit}
    await _tell(session, clock, viewer, device, "register", detail)
    return DeviceId(device.id), token


async def change(
    session: AsyncSession, clock: Clock, viewer: Viewer, device_id: DeviceId, order: ChangeCtgDevice
) -> None:
    """Call it by another name, or say that it stands elsewhere.

    Raises:
        NotFound: unknown, foreign, or the viewer only looks.
        DeviceRevoked: it is out of service.
    """
    device = await _in_service(session, viewer, device_id)
    before = {"name": device.name, "unit": device.unit}
    device.name, device.unit = order.name, order.unit
    after = {"name": order.name, "unit": order.unit}
    await _tell(session, clock, viewer, device, "change", {"before": before, "after": after})
    if after["unit"] != before["unit"]:  # another unit may have other limits
        await outbox.notify(session, limitbook.WAKE_CHANNEL)


async def rotate(
    session: AsyncSession, clock: Clock, viewer: Viewer, device_id: DeviceId, order: RotateToken
) -> str:
    """Issue a new token; the old one opens until the overlap is over, so that no second is lost.

    Raises:
        NotFound: unknown, foreign, or the viewer only looks.
        DeviceRevoked: it is out of service.
    """
    device = await _in_service(session, viewer, device_id)
    token, at = secrets.token_urlsafe(32), clock.now()
    keep_old = device.token_hash is not None and order.overlap_h > 0
    device.old_token_hash = device.token_hash if keep_old else None
    device.old_token_until = at + timedelta(hours=order.overlap_h) if keep_old else None
    device.token_hash, device.token_at = token_hash(token), at
    detail = {"overlap_h": order.overlap_h}
    await _tell(session, clock, viewer, device, "rotate", detail, order.reason)
    return token


async def revoke(
    session: AsyncSession, clock: Clock, viewer: Viewer, device_id: DeviceId, reason: str
) -> None:
    """Let the device in no more; a second time changes nothing.

    Raises:
        NotFound: unknown, foreign, or the viewer only looks.
    """
    device = await DeviceRepository(session, viewer).kept(device_id)
    if device.revoked_at is None:
        device.revoked_at = clock.now()
        device.old_token_hash = device.old_token_until = None
        await _tell(session, clock, viewer, device, "revoke", {}, reason)


async def _in_service(session: AsyncSession, viewer: Viewer, device_id: DeviceId) -> Device:
    device = await DeviceRepository(session, viewer).kept(device_id)
    if device.revoked_at is not None:
        raise DeviceRevoked()
    return device


async def _tell(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    device: Device,
    action: str,
    detail: dict[str, Any],
    reason: str = "",
) -> None:
    session.add(
        DeviceEvent(
            id=new_id(),
            device_id=device.id,
            action=action,
            detail=detail,
            reason=reason,
            recorded_by=viewer.person_id,
            recorded_at=clock.now(),
        )
    )
    await session.flush()  # policies refuse here, not at the end
