"""Commands on the organisation tree."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import literal, select, text
from sqlalchemy.dialects.postgresql import Range, insert
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.ids import FacilityId, RegionId, UnitId, new_id
from registry.facilities.errors import AreaOverlaps, RegionUnknown
from registry.facilities.models import (
    Facility,
    FacilityContact,
    FacilityRoleRow,
    Region,
    RegionClosure,
    ResponsibleArea,
    Unit,
)
from registry.facilities.rules import AreaKind, FacilityRole, Level, Tier

LONG_AGO = date(2000, 1, 1)
"""Start of roles and areas whose beginning nobody recorded."""

_OVERLAPPING = text(
    "SELECT EXISTS (SELECT 1 FROM responsible_area WHERE region_id = :region AND kind = :kind"
    " AND during && daterange(:start, :until))"
)


async def create_region(
    session: AsyncSession,
    *,
    code: str,
    name: str,
    level: Level,
    parent_id: RegionId | None = None,
    id: RegionId | None = None,
) -> RegionId:
    """Add a region below `parent_id` and keep the closure complete.

    Raises:
        RegionUnknown: there is no such parent.
    """
    if parent_id is not None and await session.get(Region, parent_id) is None:
        raise RegionUnknown(region=str(parent_id))
    region_id = id or RegionId(new_id())
    session.add(Region(id=region_id, code=code, name=name, level=level, parent_id=parent_id))
    await session.flush()  # the closure refers to the region
    session.add(RegionClosure(ancestor_id=region_id, descendant_id=region_id, depth=0))
    if parent_id is not None:
        above = select(
            RegionClosure.ancestor_id, literal(region_id), RegionClosure.depth + 1
        ).where(RegionClosure.descendant_id == parent_id)
        columns = ["ancestor_id", "descendant_id", "depth"]
        await session.execute(insert(RegionClosure).from_select(columns, above))
    return region_id


async def create_facility(
    session: AsyncSession,
    *,
    region_id: RegionId,
    code: str,
    name: str,
    short_name: str,
    tier: Tier,
    roles: Iterable[FacilityRole] = (),
    since: date = LONG_AGO,
    latitude: float | None = None,
    longitude: float | None = None,
    demo: bool = False,
    id: FacilityId | None = None,
) -> FacilityId:
    """Add a facility that holds `roles` from the day `since` on."""
    facility_id = id or FacilityId(new_id())
    session.add(
        Facility(
            id=facility_id,
            region_id=region_id,
            code=code,
            name=name,
            short_name=short_name,
            tier=tier,
            latitude=latitude,
            longitude=longitude,
            demo=demo,
        )
    )
    await session.flush()  # roles refer to the facility
    for role in roles:
        await designate(session, facility_id, role, since)
    return facility_id


async def designate(
    session: AsyncSession,
    facility_id: FacilityId,
    role: FacilityRole,
    since: date,
    until: date | None = None,
) -> None:
    """Give a facility a role from `since` up to, not including, `until`."""
    during = Range(since, until, bounds="[)")
    session.add(FacilityRoleRow(id=new_id(), facility_id=facility_id, role=role, during=during))
    await session.flush()  # an overlap is refused here, not at commit


async def add_contact(
    session: AsyncSession, facility_id: FacilityId, *, kind: str, label: str, phone: str
) -> None:
    """Add a desk's phone; kinds: duty, obstetrics, neonatology, blood, ambulance, office."""
    session.add(
        FacilityContact(id=new_id(), facility_id=facility_id, kind=kind, label=label, phone=phone)
    )
    await session.flush()


async def create_unit(
    session: AsyncSession, facility_id: FacilityId, *, kind: str, name: str
) -> UnitId:
    """Add a ward or department."""
    unit_id = UnitId(new_id())
    session.add(Unit(id=unit_id, facility_id=facility_id, kind=kind, name=name))
    await session.flush()
    return unit_id


async def set_responsible_area(
    session: AsyncSession,
    *,
    centre_id: FacilityId,
    region_id: RegionId,
    kind: AreaKind,
    since: date = LONG_AGO,
    until: date | None = None,
) -> None:
    """Let a centre answer for a region (and all below it without a centre of their own).

    Raises:
        AreaOverlaps: another entry covers part of the period; end that one first.
    """
    period = {"region": region_id, "kind": str(kind), "start": since, "until": until}
    if (await session.execute(_OVERLAPPING, period)).scalar_one():
        raise AreaOverlaps(region=str(region_id), kind=str(kind))
    session.add(
        ResponsibleArea(
            id=new_id(),
            centre_id=centre_id,
            region_id=region_id,
            kind=kind,
            during=Range(since, until, bounds="[)"),
        )
    )
    await session.flush()  # the exclusion constraint speaks here if two raced
