"""HTTP for devices: registering, pairing, revoking them, and what they hand over."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, get, post
from litestar.params import HeaderParameter
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import CLINICAL, OPT, PUBLIC
from kernel.clock import Clock
from kernel.idempotency import once
from kernel.ids import PregnancyId
from kernel.viewer import Viewer
from registry.observations.devices import queries, service
from registry.observations.devices.ingest import hand_over
from registry.observations.devices.schemas import (
    Device,
    DeviceMade,
    DeviceMessages,
    EndPairing,
    Handed,
    HerDevices,
    NewDevice,
    NewPairing,
    RevokeDevice,
)


class Made(msgspec.Struct, frozen=True):
    """What an idempotency key remembers: never the token."""

    id: UUID


@get("/devices", opt={OPT: CLINICAL})
async def devices(session: AsyncSession, viewer: Viewer) -> list[Device]:
    """The instruments of the viewer's house."""
    return await queries.devices(session, viewer)


@post("/devices", opt={OPT: CLINICAL})
async def register(
    data: NewDevice,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    idempotency_key: str | None,
) -> DeviceMade:
    """Register an instrument; a repeat shows it without its token, which is kept nowhere."""
    fresh: list[str] = []

    async def work() -> Made:
        row, token = await service.register(session, clock, viewer, data)
        fresh.append(token)
        return Made(row.id)

    made = await once(session, viewer, idempotency_key, "devices.register", data, Made, work)
    shown = await queries.device(session, viewer, made.id)
    return DeviceMade(shown.id, shown, fresh[0] if fresh else None)


@post("/devices/{device_id:uuid}/pairings", opt={OPT: CLINICAL})
async def pair(
    device_id: UUID,
    data: NewPairing,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    idempotency_key: str | None,
) -> Device:
    """Pair an instrument with whom it measures from now on."""

    async def work() -> None:
        await service.pair(session, clock, viewer, device_id, data)

    key = (idempotency_key, f"devices.pair/{device_id}")
    return await _once(session, viewer, key, device_id, data, work)


@post("/devices/{device_id:uuid}/unpair", opt={OPT: CLINICAL}, status_code=200)
async def unpair(
    device_id: UUID,
    data: EndPairing,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    idempotency_key: str | None,
) -> Device:
    """End an instrument's pairing."""

    async def work() -> None:
        await service.unpair(session, clock, viewer, device_id)

    key = (idempotency_key, f"devices.unpair/{device_id}")
    return await _once(session, viewer, key, device_id, data, work)


@post("/devices/{device_id:uuid}/revoke", opt={OPT: CLINICAL}, status_code=200)
async def revoke(
    device_id: UUID,
    data: RevokeDevice,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    idempotency_key: str | None,
) -> Device:
    """Revoke an instrument's token."""

    async def work() -> None:
        await service.revoke(session, clock, viewer, device_id)

    key = (idempotency_key, f"devices.revoke/{device_id}")
    return await _once(session, viewer, key, device_id, data, work)


async def _once(
    session: AsyncSession,
    viewer: Viewer,
    key: tuple[str | None, str],
    device_id: UUID,
    data: object,
    work: Callable[[], Awaitable[None]],
) -> Device:
    async def make() -> Made:
        await work()
        return Made(device_id)

    made = await once(session, viewer, key[0], key[1], data, Made, make)
    return await queries.device(session, viewer, made.id)


@get("/pregnancies/{pregnancy_id:uuid}/devices", opt={OPT: CLINICAL})
async def of_pregnancy(pregnancy_id: UUID, session: AsyncSession, viewer: Viewer) -> HerDevices:
    """Instruments that measure her or her newborns, and messages of theirs that were refused."""
    return await queries.of_pregnancy(session, viewer, PregnancyId(pregnancy_id))


@post("/devices/observations", opt={OPT: PUBLIC}, status_code=200)
async def take(
    data: DeviceMessages,
    session: AsyncSession,
    clock: Clock,
    authorization: Annotated[str | None, HeaderParameter(name="Authorization")] = None,
) -> Handed:
    """What an instrument hands over, opened by its bearer token; each sequence counts once."""
    return await hand_over(session, clock, authorization, data)


router = Router(
    "/",
    route_handlers=[devices, register, pair, unpair, revoke, of_pregnancy, take],
    tags=["observations"],
)
