"""Puts the synthetic region's places and people into an empty installation."""

from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.ids import AccountId, FacilityId, PersonId, RegionId
from kernel.sealing import Sealer
from kernel.viewer import REGIONAL_ROLES, Role
from registry.facilities import service as facilities
from registry.facilities.rules import AreaKind, FacilityRole, Level, Tier
from registry.people import service as staff
from registry.people.passwords import hash_password
from server.demo import PASSWORD
from server.demo.region import PLACES, Facility, Person, people, synthetic_phone

DUTY_PHONES_FROM = 500
"""Duty desks' numbers start here, above those of people."""


@dataclass(slots=True)
class Seeded:
    """What was created, by the codes and logins of the data files."""

    regions: dict[str, RegionId] = field(default_factory=dict)
    facilities: dict[str, FacilityId] = field(default_factory=dict)
    people: dict[str, PersonId] = field(default_factory=dict)
    accounts: dict[str, AccountId] = field(default_factory=dict)


async def is_seeded(session: AsyncSession) -> bool:
    """True if the region is there already: a second start changes nothing."""
    found = await session.execute(
        text("SELECT EXISTS (SELECT 1 FROM region WHERE code = :code)"),
        {"code": PLACES.regions[0].code},
    )
    return bool(found.scalar_one())


async def seed_places(session: AsyncSession, clock: Clock, sealer: Sealer) -> Seeded:
    """Create regions, facilities, areas, people and logins."""
    seeded = Seeded()
    for region in PLACES.regions:
        seeded.regions[region.code] = await facilities.create_region(
            session,
            code=region.code,
            name=region.name,
            level=Level(region.level),
            parent_id=seeded.regions[region.parent] if region.parent else None,
        )
    for number, facility in enumerate(PLACES.facilities):
        await _seed_facility(session, seeded, facility, number)
    # One hash for all: they share a password that is printed at every start anyway.
    password_hash = hash_password(PASSWORD)
    for person in people():
        await _seed_person(session, clock, sealer, seeded, person, password_hash)
    return seeded


async def _seed_facility(
    session: AsyncSession, seeded: Seeded, facility: Facility, number: int
) -> None:
    facility_id = await facilities.create_facility(
        session,
        region_id=seeded.regions[facility.region],
        code=facility.code,
        name=facility.name,
        short_name=facility.short_name,
        tier=Tier(facility.tier),
        roles=[FacilityRole(role) for role in facility.roles],
        latitude=facility.at[0],
        longitude=facility.at[1],
        demo=True,
    )
    seeded.facilities[facility.code] = facility_id
    await facilities.add_contact(
        session,
        facility_id,
        kind="duty",
        label="总值班",
        phone=synthetic_phone(DUTY_PHONES_FROM + number),
    )
    await facilities.create_unit(session, facility_id, kind="obstetrics", name="产科")
    for code in facility.serves:
        for kind in AreaKind:
            await facilities.set_responsible_area(
                session, centre_id=facility_id, region_id=seeded.regions[code], kind=kind
            )


async def _seed_person(
    session: AsyncSession,
    clock: Clock,
    sealer: Sealer,
    seeded: Seeded,
    person: Person,
    password_hash: str,
) -> None:
    facility_id = seeded.facilities[person.facility.code]
    region_id = seeded.regions[person.facility.region]
    person_id, account_id = await staff.create_person_with_account(
        session,
        clock,
        sealer,
        facility_id=facility_id,
        name=person.name,
        login=person.login,
        password_hash=password_hash,
        grants=[_grant(Role(role), facility_id, region_id) for role in person.post.roles],
        title=person.post.title,
        specialty=person.post.specialty,
        phone=person.phone,
        demo=True,
    )
    seeded.people[person.login] = person_id
    seeded.accounts[person.login] = account_id


def _grant(role: Role, facility_id: FacilityId, region_id: RegionId) -> staff.Grant:
    """Coordinators and the commission answer for a region, everybody else works in a house."""
    if role in REGIONAL_ROLES:
        return staff.Grant(role, region_id=region_id)
    return staff.Grant(role, facility_id=facility_id)
