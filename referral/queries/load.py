"""How many are on their way to each house and what is kept for them: counts, no identity.

Derived from the transfers themselves; nobody types it. Drills do not count.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from referral.readmodel.load import HeldPlaces, HouseLoad, Loads

_INBOUND = text("SELECT facility_id, stage, cases, next_eta FROM facility_inbound()")
_HELD = text("SELECT facility_id, kind, held, next_end FROM facility_held()")


async def loads(session: AsyncSession, clock: Clock) -> Loads:
    """The load of every house that has any."""
    found = await by_house(session)
    return Loads(houses=list(found.values()), server_time=clock.now())


async def by_house(session: AsyncSession) -> dict[UUID, HouseLoad]:
    """The same, by house: for whoever ranks them."""
    stages: dict[UUID, dict[str, int]] = {}
    etas: dict[UUID, datetime] = {}
    for row in (await session.execute(_INBOUND)).all():
        stages.setdefault(row.facility_id, {})[row.stage] = row.cases
        if row.next_eta is not None:
            etas[row.facility_id] = min(row.next_eta, etas.get(row.facility_id, row.next_eta))
    held: dict[UUID, list[HeldPlaces]] = {}
    for row in (await session.execute(_HELD)).all():
        places = HeldPlaces(kind=row.kind, held=row.held, next_end=row.next_end)
        held.setdefault(row.facility_id, []).append(places)
    return {
        id_: HouseLoad(
            facility_id=id_,
            asked=stages.get(id_, {}).get("asked", 0),
            accepted=stages.get(id_, {}).get("accepted", 0),
            committed=stages.get(id_, {}).get("committed", 0),
            moving=stages.get(id_, {}).get("moving", 0),
            cots=stages.get(id_, {}).get("cots", 0),
            next_eta=etas.get(id_),
            held=sorted(held.get(id_, []), key=lambda places: places.kind),
        )
        for id_ in sorted(stages.keys() | held.keys())
    }
