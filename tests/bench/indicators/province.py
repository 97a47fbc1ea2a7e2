"""A made-up province: 12 cities, 108 counties, 120 rescue centres, two township houses a county."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.ids import FacilityId, RegionId
from registry.facilities import service as facilities
from registry.facilities.rules import AreaKind, FacilityRole, Level, Tier

CITIES, COUNTIES, TOWNSHIP_HOUSES = 12, 9, 2
CENTRE = (FacilityRole.MATERNAL_CENTRE, FacilityRole.MIDWIFERY)


@dataclass(frozen=True, slots=True)
class House:
    """A hospital: its region, the centre it turns to, how much of the province is born there."""

    id: UUID
    region: UUID
    upper: UUID
    weight: int


@dataclass(frozen=True, slots=True)
class Province:
    """The places that the year happens in."""

    region: RegionId
    cities: tuple[RegionId, ...]
    counties: tuple[RegionId, ...]
    centre: FacilityId
    houses: tuple[House, ...]


async def build(session: AsyncSession) -> Province:
    """Write regions, houses, roles and responsible areas through the registry's services."""
    province = await _region(session, "990000", "量省", Level.PROVINCE)
    first = await _region(session, "990100", "量城1市", Level.CITY, province)
    top = await _house(session, first, "P", Tier.PROVINCE, CENTRE)
    await _answers_for(session, top, province)
    cities, counties, houses = [], [], [House(top, first, top, 40)]
    for c in range(1, CITIES + 1):
        city, centre = first, top
        if c > 1:
            city = await _region(session, f"99{c:02}00", f"量城{c}市", Level.CITY, province)
            centre = await _house(session, city, f"C{c}", Tier.CITY, CENTRE)
            houses.append(House(centre, city, top, 20))
            await _answers_for(session, centre, city)
        cities.append(city)
        for k in range(1, COUNTIES + 1):
            code = f"99{c:02}{20 + k}"
            county = await _region(session, code, f"量县{c}.{k}", Level.COUNTY, city)
            counties.append(county)
            own = await _house(session, county, f"K{c}.{k}", Tier.COUNTY, CENTRE)
            houses.append(House(own, county, centre, 6))
            for t in range(1, TOWNSHIP_HOUSES + 1):
                small = await _house(session, county, f"T{c}.{k}.{t}", Tier.TOWNSHIP, ())
                houses.append(House(small, county, own, 1))
    return Province(province, tuple(cities), tuple(counties), top, tuple(houses))


async def _region(
    session: AsyncSession, code: str, name: str, level: Level, parent: RegionId | None = None
) -> RegionId:
    return await facilities.create_region(
        session, code=code, name=name, level=level, parent_id=parent
    )


async def _house(
    session: AsyncSession,
    region: RegionId,
    code: str,
    tier: Tier,
    roles: tuple[FacilityRole, ...],
) -> FacilityId:
    return await facilities.create_facility(
        session,
        region_id=region,
        code=code,
        name=f"医院{code}",
        short_name=code,
        tier=tier,
        roles=roles,
    )


async def _answers_for(session: AsyncSession, centre: FacilityId, region: RegionId) -> None:
    await facilities.set_responsible_area(
        session, centre_id=centre, region_id=region, kind=AreaKind.MATERNAL
    )
