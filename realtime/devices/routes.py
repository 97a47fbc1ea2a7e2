"""HTTP of the device registry: coordinators keep their house's, administrators every house's."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import msgspec
from litestar import get, post
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import OPT, roles
from kernel.clock import Clock
from kernel.idempotency import once
from kernel.ids import DeviceId
from kernel.viewer import CLINICAL_ROLES, Role, Viewer
from realtime.devices import queries, service
from realtime.devices.schemas import (
    ChangeCtgDevice,
    CtgDeviceMade,
    DeviceEventOut,
    DeviceOut,
    NewCtgDevice,
    RevokeCtgDevice,
    RotateToken,
)

LOOKS = roles(*CLINICAL_ROLES, Role.SYSTEM_ADMIN)
KEEPS = roles(Role.COORDINATOR, Role.SYSTEM_ADMIN)


class Made(msgspec.Struct, frozen=True):
    """What an idempotency key remembers: never the token."""

    id: UUID


@get("/devices", opt={OPT: LOOKS})
async def list_devices(session: AsyncSession, clock: Clock, viewer: Viewer) -> list[DeviceOut]:
    """Monitors and agents of the viewer's facilities; all of them for the administrator."""
    return await queries.devices(session, clock, viewer)


@get("/devices/{ctg_device_id:uuid}/events", opt={OPT: LOOKS})
async def device_events(
    ctg_device_id: UUID, session: AsyncSession, viewer: Viewer
) -> list[DeviceEventOut]:
    """Who did what with a device, and why, newest first; only for those who keep it."""
    return list(await queries.history(session, viewer, DeviceId(ctg_device_id)))


@post("/devices", opt={OPT: KEEPS})
async def register_device(
    data: NewCtgDevice,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    idempotency_key: str | None,
) -> CtgDeviceMade:
    """Register a device; a repeat shows it without its token, which is kept nowhere."""
    fresh: list[str] = []

    async def work() -> Made:
        device_id, token = await service.register(session, clock, viewer, data)
        fresh.append(token)
        return Made(device_id)

    made = await once(session, viewer, idempotency_key, "ctg.devices", data, Made, work)
    shown = await queries.kept(session, clock, viewer, DeviceId(made.id))
    return CtgDeviceMade(shown.id, shown, fresh[0] if fresh else None)


@post("/devices/{ctg_device_id:uuid}/change", opt={OPT: KEEPS}, status_code=200)
async def change_device(
    ctg_device_id: UUID,
    data: ChangeCtgDevice,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    idempotency_key: str | None,
) -> DeviceOut:
    """Rename a device or move it to another unit."""
    device_id = DeviceId(ctg_device_id)

    async def work() -> None:
        await service.change(session, clock, viewer, device_id, data)

    await _once(session, viewer, (idempotency_key, "change"), device_id, data, work)
    return await queries.kept(session, clock, viewer, device_id)


@post("/devices/{ctg_device_id:uuid}/rotate", opt={OPT: KEEPS}, status_code=200)
async def rotate_token(
    ctg_device_id: UUID,
    data: RotateToken,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    idempotency_key: str | None,
) -> CtgDeviceMade:
    """Issue a new token, shown once; the old one opens a while longer."""
    device_id = DeviceId(ctg_device_id)
    fresh: list[str] = []

    async def work() -> None:
        fresh.append(await service.rotate(session, clock, viewer, device_id, data))

    await _once(session, viewer, (idempotency_key, "rotate"), device_id, data, work)
    shown = await queries.kept(session, clock, viewer, device_id)
    return CtgDeviceMade(shown.id, shown, fresh[0] if fresh else None)


@post("/devices/{ctg_device_id:uuid}/revoke", opt={OPT: KEEPS}, status_code=200)
async def revoke_device(
    ctg_device_id: UUID,
    data: RevokeCtgDevice,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    idempotency_key: str | None,
) -> DeviceOut:
    """Let a device in no more; its recordings stay."""
    device_id = DeviceId(ctg_device_id)

    async def work() -> None:
        await service.revoke(session, clock, viewer, device_id, data.reason)

    await _once(session, viewer, (idempotency_key, "revoke"), device_id, data, work)
    return await queries.kept(session, clock, viewer, device_id)


async def _once(
    session: AsyncSession,
    viewer: Viewer,
    key: tuple[str | None, str],
    device_id: DeviceId,
    data: object,
    work: Callable[[], Awaitable[None]],
) -> None:
    async def make() -> Made:
        await work()
        return Made(device_id)

    operation = f"ctg.devices.{key[1]}/{device_id}"
    await once(session, viewer, key[0], operation, data, Made, make)


HANDLERS = [
    list_devices,
    device_events,
    register_device,
    change_device,
    rotate_token,
    revoke_device,
]
