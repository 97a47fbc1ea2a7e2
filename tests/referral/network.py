"""A referral network for tests: township, county, two city centres, province, and who works there.

Everything is written through the services; all identity is synthetic.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.rosters import service as rosters
from duty.rosters.oncall import DutyTier
from kernel.chain.history import EventView, history
from kernel.clock import Clock, SimulatedClock
from kernel.ids import AccountId, CaseId, FacilityId, PersonId, RegionId, new_id
from kernel.sealing import Sealer
from kernel.viewer import CLINICAL_ROLES, Role, Viewer
from referral.commands.fields import Vitals
from referral.commands.on_leg import Checklist
from referral.commands.sending import SendReferral
from referral.queries.case import referral as whole
from referral.queries.dossier import dossier
from referral.readmodel.dossier import Dossier
from referral.readmodel.whole import Referral
from referral.service import send
from registry.facilities import service as facilities
from registry.facilities.rules import AreaKind, FacilityRole, Level, Tier
from registry.people import service as people
from registry.pregnancies.schemas import NewPatient, NewPregnancy
from registry.pregnancies.service import create_patient_with_pregnancy
from tests.fixtures.database import Clone

START = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
SEALER = Sealer(b"a test installation's master key")
SEEDER = Viewer.system("test")
STABLE = Checklist(
    airway_and_breathing_stable=True,
    circulation_stable=True,
    iv_access=True,
    oxygen_for_trip_plus_30_min=True,
    emergency_kit=True,
    papers_and_consent=True,
    family_informed=True,
)


@dataclass(slots=True)
class Network:
    """Places by name, people by what they do."""

    clone: Clone
    clock: Clock
    regions: dict[str, RegionId] = field(default_factory=dict)
    places: dict[str, FacilityId] = field(default_factory=dict)
    staff: dict[str, Viewer] = field(default_factory=dict)

    @property
    def simulated(self) -> SimulatedClock:
        """The clock, where the test moves it."""
        assert isinstance(self.clock, SimulatedClock)
        return self.clock

    def wait(self, **by: float) -> datetime:
        """Let time pass."""
        return self.simulated.advance(timedelta(**by))

    async def pregnancy(
        self,
        viewer: Viewer,
        name: str = "林测试",
        *,
        id_number: str | None = None,
        plurality: int = 1,
    ) -> UUID:
        """A woman registered by `viewer`, 38 weeks."""
        new = NewPatient(
            name=name,
            id_number=id_number,
            age=30,
            pregnancy=NewPregnancy(
                lmp=(self.clock.now() - timedelta(days=268)).date(), plurality=plurality
            ),
        )
        async with self.clone.app.session(viewer) as session:
            made = await create_patient_with_pregnancy(session, self.clock, viewer, SEALER, new)
        return made.pregnancy_id

    async def sent(
        self,
        *destinations: FacilityId,
        sender: str = "county_doctor",
        needs_neonatal: bool = False,
        acuity: str = "critical",
        drill: bool = False,
        **changes: object,
    ) -> CaseId:
        """A case sent by the county (or another sender) to these destinations."""
        viewer = self.staff[sender]
        woman = changes.pop("pregnancy_id", None) or await self.pregnancy(viewer)
        order = SendReferral(
            pregnancy_id=woman,
            **{
                "subject": "mother",
                "condition": "pph",
                "acuity": acuity,
                "risk_colour": "red",
                "vitals": Vitals(sbp_mmhg=84, dbp_mmhg=50, hr_per_min=128, blood_loss_ml=1500),
                "reason": "产后出血约1500 mL，宫缩乏力",
                "consent": "signed",
                "needs_neonatal": needs_neonatal,
                "destinations": list(destinations),
                "drill": drill,
                **changes,
            },
        )
        async with self.clone.app.session(viewer) as session:
            return await send.send_referral(session, self.clock, viewer, SEALER, order)

    async def do(self, who: str, command, target: UUID, order):  # type: ignore[no-untyped-def]
        """One command, in one transaction, as somebody."""
        viewer = self.staff[who]
        async with self.clone.app.session(viewer) as session:
            return await command(session, self.clock, viewer, target, order)

    async def see(self, who: str, case_id: UUID) -> Referral:
        """The case as somebody sees it."""
        viewer = self.staff[who]
        async with self.clone.app.session(viewer) as session:
            return await whole(session, self.clock, viewer, SEALER, case_id)

    async def papers(self, who: str, case_id: UUID) -> Dossier:
        """The dossier as somebody sees it."""
        viewer = self.staff[who]
        async with self.clone.app.session(viewer) as session:
            return await dossier(session, self.clock, viewer, SEALER, case_id)

    async def act(
        self, as_: str, case_id: UUID, command, order_type, *, on: UUID | None = None, **fields
    ):  # type: ignore[no-untyped-def]
        """One command at the version that `as_` sees."""
        version = (await self.see(as_, case_id)).version
        return await self.do(as_, command, on or case_id, order_type(version=version, **fields))

    async def events(self, case_id: CaseId) -> list[EventView]:
        """The case's chain."""
        async with self.clone.system.session(SEEDER) as session:
            return await history(session, case_id)

    async def kinds(self, case_id: CaseId) -> list[str]:
        """Kinds of the case's events, in order, without the pager's own."""
        found = await self.events(case_id)
        return [event.row.kind for event in found if not event.row.kind.startswith("page.")]

    async def count(self, table: str) -> int:
        """Rows of a table, seen by the platform."""
        async with self.clone.system.session(SEEDER) as session:
            return int((await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


async def build(clone: Clone, clock: Clock | None = None) -> Network:
    """Write the network."""
    net = Network(clone, clock or SimulatedClock(START))
    async with clone.system.session(SEEDER) as session:
        await _places(session, net)
        for name, facility, roles, regions in _people(net):
            net.staff[name] = await _person(session, net, name, facility, roles, regions)
        for place in ("city", "city_two", "province", "county"):
            await _roster(session, net, place)
    return net


async def _places(session: AsyncSession, net: Network) -> None:
    tree = (
        ("province", "云山省", Level.PROVINCE, None),
        ("city", "清江市", Level.CITY, "province"),
        ("county", "石桥县", Level.COUNTY, "city"),
        ("far", "竹溪县", Level.COUNTY, "province"),
    )
    for number, (name, called, level, parent) in enumerate(tree):
        net.regions[name] = await facilities.create_region(
            session,
            code=f"99{number:02d}00",
            name=called,
            level=level,
            parent_id=None if parent is None else net.regions[parent],
        )
    centre = [FacilityRole.MATERNAL_CENTRE, FacilityRole.MIDWIFERY, FacilityRole.NEONATAL_CENTRE]
    plain = [FacilityRole.MIDWIFERY]
    wanted = (
        ("township", "county", "柳湾镇卫生院", Tier.TOWNSHIP, plain),
        ("county", "county", "石桥县医院", Tier.COUNTY, centre),
        ("city", "city", "清江市妇幼", Tier.CITY, centre),
        ("city_two", "city", "清江二院", Tier.CITY, plain),
        ("province", "province", "云山省妇幼", Tier.PROVINCE, centre),
        ("institute", "city", "清江市孕管中心", Tier.CITY, [FacilityRole.MCH_INSTITUTE]),
        ("stranger", "far", "竹溪县医院", Tier.COUNTY, plain),
    )
    for name, region, called, tier, roles in wanted:
        net.places[name] = await facilities.create_facility(
            session,
            region_id=net.regions[region],
            code=name,
            name=called,
            short_name=called,
            tier=tier,
            roles=roles,
        )
    for name, region in (("county", "county"), ("city", "city"), ("province", "province")):
        for kind in AreaKind:
            await facilities.set_responsible_area(
                session,
                centre_id=net.places[name],
                region_id=net.regions[region],
                kind=kind,
            )


def _people(net: Network):  # type: ignore[no-untyped-def]
    at = net.places
    yield "township_midwife", at["township"], [Role.REFERRING_CLINICIAN], []
    yield "county_doctor", at["county"], [Role.REFERRING_CLINICIAN], []
    yield "county_expert", at["county"], [Role.EXPERT], []
    yield "city_expert", at["city"], [Role.EXPERT], []
    yield "city_second", at["city"], [Role.EXPERT], []
    yield "city_desk", at["city"], [Role.DUTY_DESK], []
    yield "city_two_expert", at["city_two"], [Role.EXPERT], []
    yield "province_expert", at["province"], [Role.EXPERT], []
    yield "coordinator", at["institute"], [Role.COORDINATOR], [net.regions["city"]]
    yield "crew", at["county"], [Role.CREW], []
    yield "admin", at["institute"], [Role.SYSTEM_ADMIN], []
    yield "commission", at["institute"], [Role.COMMISSION], [net.regions["province"]]
    yield "outsider", at["stranger"], [Role.EXPERT], []


async def _person(
    session: AsyncSession,
    net: Network,
    name: str,
    facility: FacilityId,
    roles: list[Role],
    regions: list[RegionId],
) -> Viewer:
    person: PersonId = await people.create_person(
        session, net.clock, SEALER, facility_id=facility, name=f"测试{name}", title="主任医师"
    )
    clinical = not regions and not CLINICAL_ROLES.isdisjoint(roles)
    return Viewer(
        account_id=AccountId(new_id()),
        person_id=person,
        session_id=None,
        facility_id=facility,
        facility_ids=frozenset({facility} if clinical else ()),
        region_ids=frozenset(regions),
        roles=frozenset(roles),
    )


async def _roster(session: AsyncSession, net: Network, place: str) -> None:
    """Somebody on call in obstetrics, from an hour ago for a month; they lead the group as well."""
    facility = net.places[place]
    group = await rosters.create_group(
        session, SEEDER, facility_id=facility, code="OB", name="产科急救"
    )
    begin = net.clock.now() - timedelta(hours=1)
    for tier in (DutyTier.FIRST, DutyTier.LEAD):
        slot = await rosters.create_slot(
            session,
            SEEDER,
            facility_id=facility,
            group_id=group,
            specialty="obstetrics",
            tier=tier,
            exclusive=tier is DutyTier.FIRST,
        )
        await rosters.put_shift(
            session,
            SimulatedClock(begin),
            SEEDER,
            slot_id=slot,
            person_id=net.staff[f"{place}_expert"].person_id,
            start=begin,
            end=begin + timedelta(days=30),
        )
