"""Reads of the organisation tree. Places are public to every logged-in account."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, Text, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import NotFound
from kernel.ids import FacilityId, RegionId
from registry.facilities.models import Facility, FacilityContact, FacilityRoleRow, Region
from registry.facilities.rules import AreaKind, FacilityRole, Tier, local_date
from registry.facilities.schemas import Contact, FacilityOut, FacilityRef, RegionOut

_CENTRE = text(
    "SELECT a.centre_id FROM facility f"
    " JOIN region_closure c ON c.descendant_id = f.region_id"
    " JOIN responsible_area a ON a.region_id = c.ancestor_id AND a.kind = :kind"
    "  AND a.during @> CAST(:day AS date)"
    " WHERE f.id = :facility AND a.centre_id <> f.id"
    " ORDER BY c.depth LIMIT 1"
)
_ANSWERS = text(
    "SELECT a.region_id FROM facility f"
    " JOIN region_closure c ON c.descendant_id = f.region_id"
    " JOIN responsible_area a ON a.region_id = c.ancestor_id AND a.centre_id = :centre"
    "  AND a.during @> CAST(:day AS date)"
    " WHERE f.id = :facility ORDER BY c.depth LIMIT 1"
)


async def regions(session: AsyncSession) -> list[RegionOut]:
    """The whole tree, by code."""
    rows = (await session.execute(select(Region).order_by(Region.code))).scalars()
    return [RegionOut(row.id, row.code, row.name, row.level, row.parent_id) for row in rows]


async def facilities(
    session: AsyncSession,
    at: datetime,
    *,
    tier: Tier | None = None,
    role: FacilityRole | None = None,
) -> list[FacilityOut]:
    """Open facilities of the network with the roles they hold at `at`, by region and name."""
    held = (
        select(
            func.array_agg(
                aggregate_order_by(FacilityRoleRow.role, FacilityRoleRow.role.asc()),
                type_=ARRAY(Text()),
            )
        )
        .where(
            FacilityRoleRow.facility_id == Facility.id,
            FacilityRoleRow.during.contains(local_date(at)),
        )
        .scalar_subquery()
    )
    found: Select[tuple[Facility, str, list[str] | None]] = (
        select(Facility, Region.name, held)
        .join(Region, Region.id == Facility.region_id)
        .where(Facility.closed_at.is_(None), Facility.outside.is_(False))
        .order_by(Region.code, Facility.code)
    )
    if tier is not None:
        found = found.where(Facility.tier == tier)
    if role is not None:
        found = found.where(held.contains([str(role)]))
    rows = (await session.execute(found)).all()
    phones = await _contacts(session, [row[0].id for row in rows])
    return [
        FacilityOut(
            id=facility.id,
            code=facility.code,
            name=facility.name,
            short_name=facility.short_name,
            tier=facility.tier,
            region_id=facility.region_id,
            region_name=region_name,
            latitude=facility.latitude,
            longitude=facility.longitude,
            roles=held_roles or [],
            contacts=phones.get(facility.id, []),
        )
        for facility, region_name, held_roles in rows
    ]


async def _contacts(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, list[Contact]]:
    wanted = (
        select(FacilityContact)
        .where(FacilityContact.facility_id.in_(ids))
        .order_by(FacilityContact.kind, FacilityContact.label)
    )
    found: dict[UUID, list[Contact]] = {}
    for row in (await session.execute(wanted)).scalars():
        found.setdefault(row.facility_id, []).append(Contact(row.kind, row.label, row.phone))
    return found


async def get(session: AsyncSession, facility_id: FacilityId) -> FacilityRef:
    """One facility, or `NotFound`."""
    found = await get_many(session, [facility_id])
    if facility_id not in found:
        raise NotFound()
    return found[facility_id]


async def get_many(
    session: AsyncSession, ids: Iterable[FacilityId]
) -> dict[FacilityId, FacilityRef]:
    """The named facilities; unknown ids are left out."""
    columns = select(Facility.id, Facility.name, Facility.short_name, Facility.tier)
    rows = await session.execute(columns.where(Facility.id.in_(set(ids))))
    return {FacilityId(row.id): FacilityRef(*row) for row in rows}


async def contacts(session: AsyncSession, facility_id: FacilityId) -> list[Contact]:
    """The phones of a facility's desks; also of a unit outside the network."""
    return (await _contacts(session, [facility_id])).get(facility_id, [])


async def place_of(
    session: AsyncSession, facility_id: FacilityId
) -> tuple[float | None, float | None]:
    """Latitude and longitude, where known."""
    found = await session.get(Facility, facility_id)
    return (None, None) if found is None else (found.latitude, found.longitude)


async def has_region(session: AsyncSession, region_id: RegionId) -> bool:
    """True if there is such a region."""
    return await session.get(Region, region_id) is not None


async def is_outside(session: AsyncSession, facility_id: FacilityId) -> bool:
    """Outside the network: nobody there has an account or is on a roster."""
    found = select(Facility.outside).where(Facility.id == facility_id)
    return await session.scalar(found) is True


async def region_of(session: AsyncSession, facility_id: FacilityId) -> RegionId:
    """The region in which a facility lies, or `NotFound`."""
    found = await session.scalar(select(Facility.region_id).where(Facility.id == facility_id))
    if found is None:
        raise NotFound()
    return RegionId(found)


async def region_codes(session: AsyncSession, region_id: RegionId) -> list[str]:
    """Codes of a region and of every region above it, the nearest first."""
    rows = await session.execute(
        text(
            "SELECT r.code FROM region_closure c JOIN region r ON r.id = c.ancestor_id"
            " WHERE c.descendant_id = :region ORDER BY c.depth"
        ),
        {"region": region_id},
    )
    return list(rows.scalars())


async def has_role(
    session: AsyncSession, facility_id: FacilityId, role: FacilityRole, at: datetime
) -> bool:
    """True if the facility holds `role` on the day of `at`."""
    found = select(FacilityRoleRow.id).where(
        FacilityRoleRow.facility_id == facility_id,
        FacilityRoleRow.role == role,
        FacilityRoleRow.during.contains(local_date(at)),
    )
    return await session.scalar(select(found.exists())) is True


async def with_role(
    session: AsyncSession, role: FacilityRole, at: datetime, region_id: RegionId
) -> list[FacilityId]:
    """Facilities holding `role` at `at` in `region_id` or the nearest region above that has any."""
    rows = await session.execute(
        text(
            "SELECT f.id, c.depth FROM region_closure c"
            " JOIN facility f ON f.region_id = c.ancestor_id"
            " JOIN facility_role r ON r.facility_id = f.id AND r.role = :role"
            "  AND r.during @> CAST(:day AS date)"
            " WHERE c.descendant_id = :region AND f.closed_at IS NULL ORDER BY c.depth, f.code"
        ),
        {"role": str(role), "day": local_date(at), "region": region_id},
    )
    found = rows.all()
    return [FacilityId(row.id) for row in found if row.depth == found[0].depth]


async def designated_centre(
    session: AsyncSession, facility_id: FacilityId, kind: AreaKind, at: datetime
) -> FacilityId | None:
    """The centre to which a facility refers on the day of `at`.

    It is the centre of the nearest region, climbing from the facility's own, that has one other
    than the facility itself: a county centre refers to its city's centre. None if nobody answers.
    """
    found = await session.scalar(
        _CENTRE, {"facility": facility_id, "kind": str(kind), "day": local_date(at)}
    )
    return None if found is None else FacilityId(found)


async def regions_below(session: AsyncSession, region_id: RegionId) -> set[UUID]:
    """A region and everything inside it."""
    rows = await session.execute(
        text("SELECT descendant_id FROM region_closure WHERE ancestor_id = :region"),
        {"region": region_id},
    )
    return set(rows.scalars())


async def answers_for(
    session: AsyncSession, centre_id: FacilityId, facility_id: FacilityId, at: datetime
) -> RegionId | None:
    """The region through which `centre_id` answers for `facility_id` at `at`, the nearest one."""
    found = await session.scalar(
        _ANSWERS, {"centre": centre_id, "facility": facility_id, "day": local_date(at)}
    )
    return None if found is None else RegionId(found)
