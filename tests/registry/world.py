"""A small region for tests: two cities, three counties, four hospitals, whoever is needed.

`build` writes it through the same services as the demo; `World` then names places and makes
viewers and accounts. All identity is synthetic.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache

from sqlalchemy.ext.asyncio import AsyncSession

from kernel import parties
from kernel.clock import Clock, SimulatedClock
from kernel.database import Database
from kernel.ids import AccountId, CaseId, FacilityId, PersonId, PregnancyId, RegionId, new_id
from kernel.parties import PartyRole
from kernel.sealing import Sealer
from kernel.viewer import CLINICAL_ROLES, Role, Viewer
from registry.facilities import service as facilities
from registry.facilities.rules import AreaKind, FacilityRole, Level, Tier
from registry.people import passwords
from registry.people.service import Grant, create_person_with_account
from registry.pregnancies.schemas import NewPatient, NewPregnancy, PatientCreated
from registry.pregnancies.service import create_patient_with_pregnancy, link_case

START = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
PASSWORD = "Correct-Horse-7"
MASTER_KEY = b"a test installation's master key"
SEALER = Sealer(MASTER_KEY)


@cache
def password_hash() -> str:
    """One hash for all accounts: hashing is meant to be slow."""
    return passwords.hash_password(PASSWORD)


@dataclass(slots=True)
class World:
    """The places, by name."""

    province: RegionId
    city: RegionId
    county: RegionId
    far_county: RegionId
    county_hospital: FacilityId
    city_centre: FacilityId
    province_centre: FacilityId
    stranger: FacilityId
    clock: SimulatedClock = field(default_factory=lambda: SimulatedClock(START))

    def viewer(self, role: Role, facility: FacilityId, *regions: RegionId) -> Viewer:
        """Somebody new with one role; regional roles take their regions."""
        clinical = role in CLINICAL_ROLES and not regions
        return Viewer(
            account_id=AccountId(new_id()),
            person_id=PersonId(new_id()),
            session_id=None,
            facility_id=facility,
            facility_ids=frozenset({facility} if clinical else ()),
            region_ids=frozenset(regions),
            roles=frozenset({role}),
        )

    @property
    def doctor(self) -> Viewer:
        """A referring clinician of the county hospital."""
        return self.viewer(Role.REFERRING_CLINICIAN, self.county_hospital)

    @property
    def expert(self) -> Viewer:
        """An expert of the city's centre."""
        return self.viewer(Role.EXPERT, self.city_centre)

    @property
    def outsider(self) -> Viewer:
        """A clinician of a hospital that has nothing to do with any case."""
        return self.viewer(Role.REFERRING_CLINICIAN, self.stranger)


async def build(database: Database) -> World:
    """Write the region as the platform itself."""
    async with database.session(Viewer.system("test")) as session:
        province = await _region(session, "990000", "云山省", Level.PROVINCE)
        city = await _region(session, "990100", "清江市", Level.CITY, province)
        county = await _region(session, "990121", "石桥县", Level.COUNTY, city)
        far_city = await _region(session, "990200", "南岭市", Level.CITY, province)
        far_county = await _region(session, "990221", "竹溪县", Level.COUNTY, far_city)
        centre = [FacilityRole.MATERNAL_CENTRE, FacilityRole.MIDWIFERY]
        world = World(
            province=province,
            city=city,
            county=county,
            far_county=far_county,
            county_hospital=await _facility(session, county, "石桥县医院", Tier.COUNTY, centre),
            city_centre=await _facility(session, city, "清江市中心医院", Tier.CITY, centre),
            province_centre=await _facility(session, province, "云山省妇幼", Tier.PROVINCE, centre),
            stranger=await _facility(session, far_county, "竹溪县医院", Tier.COUNTY, []),
        )
        for place, region in (
            (world.county_hospital, county),
            (world.city_centre, city),
            (world.province_centre, province),
        ):
            await facilities.set_responsible_area(
                session, centre_id=place, region_id=region, kind=AreaKind.MATERNAL
            )
    return world


async def _region(
    session: AsyncSession, code: str, name: str, level: Level, parent: RegionId | None = None
) -> RegionId:
    return await facilities.create_region(
        session, code=code, name=name, level=level, parent_id=parent
    )


async def _facility(
    session: AsyncSession, region: RegionId, name: str, tier: Tier, roles: list[FacilityRole]
) -> FacilityId:
    return await facilities.create_facility(
        session,
        region_id=region,
        code=name,
        name=name,
        short_name=name[:4],
        tier=tier,
        roles=roles,
    )


async def account(
    database: Database,
    clock: Clock,
    login: str,
    facility: FacilityId,
    *grants: Grant,
    phone: str | None = None,
) -> tuple[PersonId, AccountId]:
    """An account whose password is `PASSWORD`."""
    async with database.session(Viewer.system("test")) as session:
        return await create_person_with_account(
            session,
            clock,
            SEALER,
            facility_id=facility,
            name=f"测试{login}",
            login=login,
            password_hash=password_hash(),
            grants=grants,
            phone=phone,
        )


async def patient(
    database: Database, world: World, viewer: Viewer, new: NewPatient | None = None
) -> PatientCreated:
    """A patient registered by `viewer`."""
    known = new or NewPatient(name="林测试", age=30, pregnancy=NewPregnancy(plurality=1))
    async with database.session(viewer) as session:
        return await create_patient_with_pregnancy(session, world.clock, viewer, SEALER, known)


async def case(
    database: Database, world: World, viewer: Viewer, made: PatientCreated, *receivers: FacilityId
) -> CaseId:
    """A case of the county hospital about `made`, open to `receivers` too."""
    case_id = CaseId(new_id())
    async with database.session(viewer) as session:
        origin = world.county_hospital
        await parties.add_facility(session, case_id, origin, PartyRole.ORIGIN, world.county)
        await link_case(session, viewer, case_id, PregnancyId(made.pregnancy_id))
        for receiver in receivers:
            await parties.add_facility(session, case_id, receiver, PartyRole.RECEIVER)
    return case_id
