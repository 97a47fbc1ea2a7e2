"""A county hospital that calls for help and a city centre that is on duty."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sqlalchemy import text

from duty.escalation import policy, service
from duty.rosters import service as rosters
from duty.rosters.oncall import DutyTier
from kernel import chain, parties
from kernel.clock import Clock, SimulatedClock, SystemClock
from kernel.ids import (
    AccountId,
    CaseId,
    FacilityId,
    GroupId,
    PageId,
    PersonId,
    RegionId,
    ShiftId,
    SlotId,
    new_id,
)
from kernel.parties import PartyRole
from kernel.sealing import Sealer
from kernel.viewer import Role, Viewer
from registry.facilities import service as facilities
from registry.facilities.rules import AreaKind, Level, Tier
from registry.people import service as people
from tests.fixtures.database import Clone

SEEDER = Viewer.system("test")
LEVEL = "critical"
EVENT = "referral.offered"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
MOBILE, DESK_PHONE = "19900001234", "19900005678"
"""Everybody's own telephone, and the county's."""


@dataclass(slots=True)
class Region:
    """One county, one city centre with a full roster: `people` by the tier they hold."""

    clone: Clone
    clock: Clock
    sealer: Sealer
    county_region: RegionId
    county: FacilityId
    centre: FacilityId
    group: GroupId
    doctor: Viewer
    slots: dict[DutyTier, SlotId] = field(default_factory=dict)
    experts: dict[DutyTier, Viewer] = field(default_factory=dict)

    async def staff(
        self, facility: FacilityId, *roles: Role, title: str = "副主任医师", name: str = "林晓岚"
    ) -> Viewer:
        """A new person at a facility, as a viewer."""
        async with self.clone.system.session(SEEDER) as session:
            person_id = await people.create_person(
                session,
                self.clock,
                self.sealer,
                facility_id=facility,
                name=name,
                title=title,
                specialty="obstetrics",
                phone=MOBILE,
            )
        return viewer(person_id, facility, *roles)

    async def shift(
        self, tier: DutyTier, person: Viewer, start: datetime | None = None, hours: float = 24
    ) -> ShiftId:
        """Put `person` on the centre's slot of `tier` (default: since an hour ago)."""
        begin = start or self.clock.now() - timedelta(hours=1)
        async with self.clone.system.session(SEEDER) as session:
            # Rostered at its own beginning, as the platform would have seen it.
            return await rosters.put_shift(
                session,
                SimulatedClock(begin),
                SEEDER,
                slot_id=self.slots[tier],
                person_id=person.person_id,
                start=begin,
                end=begin + timedelta(hours=hours),
            )

    async def policy(self, *delays_s: float, repeat_s: int = 60, event: str = EVENT) -> None:
        """The centre's own policy: one tier per step, with these delays in seconds."""
        tiers = [DutyTier.FIRST, DutyTier.SECOND, DutyTier.LEAD, DutyTier.GENERAL_DUTY]
        steps: list[dict[str, object]] = [
            {"delay_s": delay, "tiers": [str(tier)], "specialties": ["obstetrics"]}
            for delay, tier in zip(delays_s, tiers, strict=False)
        ]
        async with self.clone.system.session(SEEDER) as session:
            await policy.install(
                session,
                facility_id=self.centre,
                event=event,
                level=LEVEL,
                steps=steps,
                repeat_s=repeat_s,
                source="test",
                confidence="test",
            )

    async def open_case(self, *, drill: bool = False) -> CaseId:
        """A case of the county, as its doctor opens it; perhaps to practise."""
        case_id = CaseId(new_id())
        async with self.clone.app.session(self.doctor) as session:
            await parties.add_facility(
                session, case_id, self.county, PartyRole.ORIGIN, self.county_region
            )
            await chain.append(
                session,
                self.clock,
                case_id,
                "referral.requested",
                viewer=self.doctor,
                payload={"drill": drill},
            )
        return case_id

    async def page(self, case_id: CaseId | None = None, *, key: str | None = None) -> PageId:
        """The county's doctor pages the centre."""
        case = case_id or await self.open_case()
        async with self.clone.app.session(self.doctor) as session:
            return await service.page(
                session,
                self.clock,
                self.doctor,
                case_id=case,
                facility_id=self.centre,
                event=EVENT,
                level=LEVEL,
                req_key=key or str(uuid4()),
                title="YL-1",
            )


def viewer(person_id: PersonId, facility: FacilityId, *roles: Role) -> Viewer:
    """A logged-in person."""
    return Viewer(
        account_id=AccountId(uuid4()),
        person_id=person_id,
        session_id=None,
        facility_id=facility,
        facility_ids=frozenset({facility}),
        region_ids=frozenset(),
        roles=frozenset(roles),
    )


async def build(clone: Clone, clock: Clock | None = None, *, master: bytes = b"k" * 32) -> Region:
    """Create the places, the people and a roster that covers now."""
    ticking = clock or SystemClock()
    sealer = Sealer(master)
    async with clone.system.session(SEEDER) as session:
        city = await facilities.create_region(
            session, code="990100", name="云江市", level=Level.CITY
        )
        county_region = await facilities.create_region(
            session, code="990121", name="临江县", level=Level.COUNTY, parent_id=city
        )
        county = await facilities.create_facility(
            session,
            region_id=county_region,
            code="LJ001",
            name="临江县人民医院",
            short_name="临江县医院",
            tier=Tier.COUNTY,
        )
        await facilities.add_contact(
            session, county, kind="duty", label="产科值班", phone=DESK_PHONE
        )
        centre = await facilities.create_facility(
            session,
            region_id=city,
            code="YJ001",
            name="云江市妇幼保健院",
            short_name="云江市妇幼",
            tier=Tier.CITY,
        )
        group = await rosters.create_group(
            session, SEEDER, facility_id=centre, code="OB", name="产科急救"
        )
        slots = {
            tier: await rosters.create_slot(
                session,
                SEEDER,
                facility_id=centre,
                group_id=group,
                specialty="obstetrics",
                tier=tier,
            )
            for tier in DutyTier
        }
    nobody = viewer(PersonId(uuid4()), county)
    region = Region(
        clone, ticking, sealer, county_region, county, centre, group, nobody, slots=slots
    )
    region.doctor = await region.staff(county, Role.REFERRING_CLINICIAN, title="主治医师")
    for tier in (DutyTier.FIRST, DutyTier.SECOND, DutyTier.LEAD, DutyTier.GENERAL_DUTY):
        region.experts[tier] = await region.staff(centre, Role.EXPERT)
        await region.shift(tier, region.experts[tier])
    return region


async def centre_above(region: Region) -> Viewer:
    """A province's hospital that answers for the city, with a first line; who holds it."""
    async with region.clone.system.session(SEEDER) as session:
        city = (
            await session.execute(
                text("SELECT region_id FROM facility WHERE id = :id"), {"id": region.centre}
            )
        ).scalar_one()
        above = await facilities.create_facility(
            session,
            region_id=city,
            code=f"P{uuid4().hex[:6]}",
            name="云岭省妇幼保健院",
            short_name="云岭省妇幼",
            tier=Tier.PROVINCE,
        )
        await facilities.set_responsible_area(
            session, centre_id=above, region_id=city, kind=AreaKind.MATERNAL
        )
        group = await rosters.create_group(
            session, SEEDER, facility_id=above, code="OB", name="产科急救"
        )
        slot = await rosters.create_slot(
            session,
            SEEDER,
            facility_id=above,
            group_id=group,
            specialty="obstetrics",
            tier=DutyTier.FIRST,
        )
    chief = await region.staff(above, Role.EXPERT)
    now = region.clock.now()
    async with region.clone.system.session(SEEDER) as session:
        await rosters.put_shift(
            session,
            SimulatedClock(now),
            SEEDER,
            slot_id=slot,
            person_id=chief.person_id,
            start=now,
            end=now.replace(year=now.year + 1),
        )
    return chief
