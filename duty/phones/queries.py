"""The phone book of a house: whom it would page, and whom they would, by telephone."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from duty.phones.schemas import PhoneBook, PhonePlace, Relation
from duty.rosters import queries as rosters
from duty.rosters import repository
from kernel.ids import FacilityId
from kernel.sealing import Sealer
from registry.facilities import queries as facilities
from registry.facilities.rules import AreaKind

HEIGHT = 4
"""Township, county, city, province: nothing is further up."""


async def book(
    session: AsyncSession, sealer: Sealer, facility_id: FacilityId, at: datetime
) -> PhoneBook:
    """Every number that a house may need, by `on_call` at this moment."""
    places: list[PhonePlace] = []
    for house, relation in await _houses(session, facility_id, at):
        phones = await rosters.phone_list(session, sealer, house, at)
        roster = await repository.roster(session, house, at)
        gaps = sum(1 for answer in roster if answer.is_gap and answer.slot.required)
        if phones.entries or gaps:
            places.append(PhonePlace(relation, phones, gaps))
    return PhoneBook(at, places)


async def _houses(
    session: AsyncSession, facility_id: FacilityId, at: datetime
) -> list[tuple[FacilityId, Relation]]:
    """Whom it refers to for mothers and newborns, who is above them, and itself."""
    found: dict[FacilityId, Relation] = {}
    below = [facility_id]
    for height in range(HEIGHT):
        above: list[FacilityId] = []
        for house in below:
            for kind in AreaKind:
                centre = await facilities.designated_centre(session, house, kind, at)
                if centre is None or centre == facility_id or centre in found:
                    continue
                found[centre] = "centre" if height == 0 else "upper"
                above.append(centre)
        below = above
    return [*found.items(), (facility_id, "own")]
