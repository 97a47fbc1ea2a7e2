"""Who may say what a house has."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.viewer import Role, Viewer
from registry.resources.errors import NotYourHouse

_KEEPS = text("SELECT app_keeps_resources(:facility)")
_RIDES = text("SELECT app_rides_from(:facility)")


async def keeps(session: AsyncSession, viewer: Viewer, facility_id: UUID) -> bool:
    """True for the house's own people and for the coordinator of its region."""
    if viewer.is_process:
        return True
    return bool((await session.execute(_KEEPS, {"facility": facility_id})).scalar_one())


async def must_keep(session: AsyncSession, viewer: Viewer, facility_id: UUID) -> None:
    """Refuse strangers.

    Raises:
        NotYourHouse: neither the house nor its region is the viewer's.
    """
    if not await keeps(session, viewer, facility_id):
        raise NotYourHouse()


async def must_drive(session: AsyncSession, viewer: Viewer, facility_id: UUID) -> None:
    """Like `must_keep`, and a crew may speak for its own station's vehicles.

    Raises:
        NotYourHouse: none of these.
    """
    if viewer.has(Role.CREW):
        rides = await session.execute(_RIDES, {"facility": facility_id})
        if rides.scalar_one():
            return
    await must_keep(session, viewer, facility_id)
