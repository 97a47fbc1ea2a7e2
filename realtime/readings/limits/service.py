"""A house or a region appends a version of its own; readings asked before keep theirs."""

from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from duty.rosters import regions
from kernel.clock import Clock
from kernel.errors import BadInput, NotAllowed
from kernel.ids import FacilityId, RegionId
from kernel.viewer import Role, Viewer
from realtime.alarms.rights import must_write
from realtime.readings.errors import ReadingLimitsOutOfBounds
from realtime.readings.limits import book
from realtime.readings.limits.rules import ReadingLimitsText, out_of_bounds
from realtime.readings.limits.schemas import NewReadingLimits


async def set_limits(
    session: AsyncSession, clock: Clock, viewer: Viewer, order: NewReadingLimits
) -> UUID:
    """A new version for the viewer's own facility, or for a region that they coordinate.

    Raises:
        NotAllowed: the viewer sets no limits, or not here.
        ReadingLimitsOutOfBounds: outside what the platform lets a house choose.
        BadInput: in force from a moment that has passed.
    """
    facility_id, region_id = await _owner(session, viewer, order)
    if wrong := out_of_bounds(order.limits):
        name, least, most = wrong[0]
        raise ReadingLimitsOutOfBounds(
            field=name, least=least, most=most, all=[one for one, _, _ in wrong]
        )
    if order.valid_from is not None and order.valid_from < clock.now():
        raise BadInput(field="valid_from", reason="in_the_past")
    return await book.add(
        session,
        ReadingLimitsText(
            **msgspec.structs.asdict(order.limits),
            source=order.source,
            confidence=order.confidence,
        ),
        facility_id=facility_id,
        region_id=region_id,
        valid_from=order.valid_from,
        recorded_by=viewer.person_id,
    )


async def _owner(
    session: AsyncSession, viewer: Viewer, order: NewReadingLimits
) -> tuple[FacilityId | None, RegionId | None]:
    if order.region_id is None:
        facility_id = FacilityId(viewer.facility_id)
        must_write(viewer, facility_id)
        return facility_id, None
    if not viewer.has(Role.COORDINATOR):
        raise NotAllowed(reason="limits_role_needed")
    region_id = RegionId(order.region_id)
    await regions.must_decide(session, viewer, region_id)
    return None, region_id
