"""A county hospital, centres with people on call, and a phone for each of them."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import policy, service
from duty.notify import endpoints
from duty.notify.hooks import door
from duty.notify.hooks.door import Knock
from duty.notify.schemas import EndpointIn
from duty.rosters import service as rosters
from duty.rosters.oncall import DutyTier
from kernel import chain, parties
from kernel.clock import SimulatedClock, SystemClock
from kernel.ids import CaseId, FacilityId, GroupId, PageId, PersonId, RegionId, new_id
from kernel.parties import PartyRole
from kernel.sealing import Sealer
from kernel.viewer import Role, Viewer
from registry.facilities import service as facilities
from registry.facilities.rules import Level, Tier
from registry.people import service as people
from registry.people.passwords import hash_password
from registry.people.service import Grant
from server.demo import PASSWORD
from tests.duty.region import viewer
from tests.fixtures.database import Clone
from tests.live.loopback import LOOPBACK

SEEDER = Viewer.system("test")
_MESSAGE = text(
    "SELECT id FROM page_message WHERE page_id = :page_id AND person_id = :person_id"
    " AND channel NOT IN ('in_app', 'sms') ORDER BY step, try LIMIT 1"
)
_STATE = text("SELECT state FROM page_message WHERE id = CAST(:id AS uuid)")
EVENT, LEVEL = "referral.offered", "critical"
CLOCK = SystemClock()


@dataclass(frozen=True, slots=True)
class Centre:
    """A paged facility; `people` are all rung by the first step, in the order of their places."""

    id: FacilityId
    people: tuple[PersonId, ...]
    logins: tuple[str, ...]


@dataclass(slots=True)
class Town:
    """What the tests drive; everything else happens in processes."""

    clone: Clone
    master: bytes
    county: FacilityId
    region: RegionId
    doctor: Viewer
    centres: list[Centre] = field(default_factory=list)

    async def open_case(self) -> CaseId:
        """A case of the county."""
        case_id = CaseId(new_id())
        async with self.clone.app.session(self.doctor) as session:
            await parties.add_facility(session, case_id, self.county, PartyRole.ORIGIN, self.region)
            await chain.append(
                session, CLOCK, case_id, "referral.requested", viewer=self.doctor, payload={}
            )
        return case_id

    async def page(self, centre: Centre, case_id: CaseId, key: str | None = None) -> PageId:
        """The county's doctor pages a centre; committed when this returns."""
        async with self.clone.app.session(self.doctor) as session:
            return await service.page(
                session,
                CLOCK,
                self.doctor,
                case_id=case_id,
                facility_id=centre.id,
                event=EVENT,
                level=LEVEL,
                req_key=key or str(uuid4()),
                title="YL-1",
            )

    async def answer(self, person: PersonId, centre: Centre, page_id: PageId) -> None:
        """One of the centre's people takes the page; committed when this returns."""
        who = viewer(person, centre.id, Role.EXPERT)
        async with self.clone.app.session(who) as session:
            await service.acknowledge(session, CLOCK, who, page_id)

    async def message_of(self, person: PersonId, page_id: PageId) -> str:
        """The first message that left the house for this person about this page."""
        async with self.clone.system.session(SEEDER) as session:
            found = await session.execute(_MESSAGE, {"page_id": page_id, "person_id": person})
            return str(found.scalar_one())

    async def state_of(self, message_id: str) -> str:
        """Where a message stands."""
        async with self.clone.system.session(SEEDER) as session:
            return str((await session.execute(_STATE, {"id": message_id})).scalar_one())

    async def call_back(self, message_id: str) -> None:
        """The telephone company reports that 1 (接听) was pressed; it says so again and again
        until it is answered. Committed when this returns."""
        await self._report("voice-call-report", message_id, status_code="300000", dtmf="1")

    async def call_ended(self, message_id: str, status: str) -> None:
        """It reports how a call ended: 200000 heard out, 200001 hung up, 200003 nobody took it."""
        await self._report("voice-report", message_id, status_code=status)

    async def _report(self, kind: str, message_id: str, **says: str) -> None:
        report = {"call_id": f"call-{message_id}", "out_id": message_id, **says}
        knock = Knock("aliyun", "", kind, "127.0.0.1")
        async with self.clone.app.session(Viewer.system("serve")) as session:
            await door.take_down(session, Sealer(self.master), knock, [report])


async def build(
    clone: Clone,
    master: bytes,
    phones_url: str,
    sizes: list[int],
    *,
    modes: tuple[str, ...] = ("ok",),
    logins: int = 0,
    delays_s: tuple[float, ...] = (0, 600),
    repeat_s: int = 600,
) -> Town:
    """One centre for each of `sizes`, with that many people in the first step.

    `modes` go round: how each person's phone behaves. The first `logins` people of the first
    centre have accounts. The last tier of every centre is held by one more person.
    """
    sealer = Sealer(master)
    async with clone.system.session(SEEDER) as session:
        city = await facilities.create_region(
            session, code="990100", name="云江市", level=Level.CITY
        )
        region = await facilities.create_region(
            session, code="990121", name="临江县", level=Level.COUNTY, parent_id=city
        )
        county = await facilities.create_facility(
            session,
            region_id=region,
            code="LJ001",
            name="临江县人民医院",
            short_name="临江县医院",
            tier=Tier.COUNTY,
        )
        doctor = await _person(session, sealer, county, "县医生")
    town = Town(clone, master, county, region, viewer(doctor, county, Role.REFERRING_CLINICIAN))
    for number, size in enumerate(sizes):
        town.centres.append(
            await _centre(
                clone, sealer, phones_url, city, number, size, modes, logins if number == 0 else 0
            )
        )
        async with clone.system.session(SEEDER) as session:
            await policy.install(
                session,
                facility_id=town.centres[-1].id,
                event=EVENT,
                level=LEVEL,
                steps=[
                    {"delay_s": delay, "tiers": [tier], "specialties": ["*"]}
                    for delay, tier in zip(delays_s, ("first", "lead"), strict=False)
                ],
                repeat_s=repeat_s,
                join_within_s=3600,
                source="test",
                confidence="test",
            )
    return town


async def _centre(
    clone: Clone,
    sealer: Sealer,
    phones_url: str,
    region: RegionId,
    number: int,
    size: int,
    modes: tuple[str, ...],
    logins: int,
) -> Centre:
    async with clone.system.session(SEEDER) as session:
        centre = await facilities.create_facility(
            session,
            region_id=region,
            code=f"YJ{number:03}",
            name=f"云江市第{number}医院",
            short_name=f"云江{number}院",
            tier=Tier.CITY,
        )
        group = await rosters.create_group(
            session, SEEDER, facility_id=centre, code="OB", name="产科急救"
        )
        found, names = [], []
        for place in range(size + 1):
            login = f"centre{number}.{place}" if place < logins else None
            person = await _person(session, sealer, centre, f"专家{place}", login)
            await _on_call(session, centre, group, place, person, last=place == size)
            await _phone(session, sealer, person, f"{phones_url}/{modes[place % len(modes)]}")
            if place < size:
                found.append(person)
            if login:
                names.append(login)
    return Centre(centre, tuple(found), tuple(names))


async def _on_call(
    session: AsyncSession,
    centre: FacilityId,
    group: GroupId,
    place: int,
    person: PersonId,
    *,
    last: bool,
) -> None:
    slot = await rosters.create_slot(
        session,
        SEEDER,
        facility_id=centre,
        group_id=group,
        specialty=f"s{place}",
        tier=DutyTier.LEAD if last else DutyTier.FIRST,
    )
    since = CLOCK.now() - timedelta(hours=1)
    await rosters.put_shift(
        session,
        SimulatedClock(since),
        SEEDER,
        slot_id=slot,
        person_id=person,
        start=since,
        end=since + timedelta(hours=48),
    )


async def _phone(session: AsyncSession, sealer: Sealer, person: PersonId, url: str) -> None:
    wanted = EndpointIn(
        label="phone", url=f"{url}/{person}", secret="a shared secret of it", person_id=person
    )
    await endpoints.register(session, CLOCK, SEEDER, sealer, wanted, LOOPBACK)


async def _person(
    session: AsyncSession, sealer: Sealer, facility: FacilityId, name: str, login: str | None = None
) -> PersonId:
    if login is None:
        return await people.create_person(
            session,
            CLOCK,
            sealer,
            facility_id=facility,
            name=name,
            title="副主任医师",
            specialty="obstetrics",
            phone="19900001234",
        )
    person, _ = await people.create_person_with_account(
        session,
        CLOCK,
        sealer,
        facility_id=facility,
        name=name,
        login=login,
        password_hash=hash_password(PASSWORD),
        grants=[Grant(Role.EXPERT)],
        title="副主任医师",
        specialty="obstetrics",
    )
    return person
