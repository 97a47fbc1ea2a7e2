"""The platform's own commands; those of people are in the rooms `devices` and `bindings`."""

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.ids import DeviceId, FacilityId, new_id
from kernel.tokens import token_hash
from realtime.models import Device


async def register_device(
    session: AsyncSession,
    *,
    serial: str,
    kind: str,
    facility_id: FacilityId,
    token: str | None = None,
    name: str = "",
    unit: str = "",
) -> DeviceId:
    """Make a device known (system role); only the hash of its token is kept."""
    device_id = DeviceId(new_id())
    session.add(
        Device(
            id=device_id,
            serial=serial,
            name=name,
            kind=kind,
            facility_id=facility_id,
            unit=unit,
            token_hash=None if token is None else token_hash(token),
        )
    )
    await session.flush()  # a serial number that is taken is refused here
    return device_id
