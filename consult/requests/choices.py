"""Who may be asked: houses with expert groups, and of one house its groups and experts."""

from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.rosters import groups
from kernel.clock import Clock
from kernel.ids import FacilityId
from kernel.viewer import Role
from registry.facilities import queries as facilities
from registry.facilities.schemas import FacilityRef
from registry.people import queries as people
from registry.people.schemas import PersonRef

_HOUSES = text("SELECT DISTINCT facility_id FROM expert_group")


class GroupChoice(msgspec.Struct, frozen=True):
    """An expert group that has a roster."""

    id: UUID
    name: str


class HouseChoices(msgspec.Struct, frozen=True):
    """Whom one house can be asked for."""

    facility: FacilityRef
    groups: list[GroupChoice]
    experts: list[PersonRef]


async def houses(session: AsyncSession) -> list[FacilityRef]:
    """Houses with at least one expert group, higher tiers first."""
    ids = [FacilityId(row.facility_id) for row in await session.execute(_HOUSES)]
    found = (await facilities.get_many(session, ids)).values()
    return sorted(found, key=lambda one: (one.tier, one.short_name))


async def of_house(session: AsyncSession, clock: Clock, facility_id: UUID) -> HouseChoices:
    """Groups and experts of one house, or `NotFound`."""
    house = FacilityId(facility_id)
    return HouseChoices(
        await facilities.get(session, house),
        [GroupChoice(id_, name) for id_, _, name in await groups.named(session, house)],
        await people.holding(session, clock.now(), house, [Role.EXPERT]),
    )
