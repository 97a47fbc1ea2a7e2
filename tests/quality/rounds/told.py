"""A round of the small region, told in made-up time through the commands of people."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from kernel.clock import SimulatedClock
from kernel.ids import FacilityId, RegionId, new_id
from kernel.viewer import Role, Viewer
from quality.frozen import service as frozen
from quality.frozen.schemas import FreezePeriod
from quality.rounds import checking, planning, queries, showing
from quality.rounds.schemas import (
    AnswerItem,
    EntryDetail,
    ItemIn,
    RoundDetail,
    RoundPlan,
    RoundStep,
    SignStep,
)
from quality.rounds.scoring import Band, Slope
from registry.people.service import Grant
from tests.fixtures.database import Clone
from tests.quality.cases import SYSTEM, county_of, region, write_case
from tests.registry.world import World, account

NOW = datetime(2026, 12, 1, 2, tzinfo=UTC)
MEDIAN = "request_to_accept"
REFERRALS = "online_referrals"
ELSEWHERE = "rapid_response_team"
ON_SITE = "site_resuscitation_beds"
ITEMS = [
    ItemIn(code=MEDIAN, weight=10, scoring=Slope(zero=1800, full=600), basis="省评估方案"),
    ItemIn(code=REFERRALS, weight=5, scoring=Band(low=1)),
    ItemIn(code=ELSEWHERE, weight=4),
    ItemIn(code=ON_SITE, weight=6, basis="省评估方案"),
]


@dataclass(slots=True)
class Told:
    """The region with whoever acts in a round, and that round."""

    database: Clone
    world: World
    province: Viewer
    city: Viewer
    county: Viewer
    centre: Viewer
    clock: SimulatedClock
    round_id: UUID

    async def run(self, viewer: Viewer, command: Any, *order: Any) -> Any:
        """One command in a transaction of its own."""
        async with self.database.app.session(viewer) as session:
            return await command(session, self.clock, viewer, *order)

    async def round(self, viewer: Viewer) -> RoundDetail:
        """The round as somebody sees it."""
        async with self.database.app.session(viewer) as session:
            return await queries.one_round(session, self.clock, self.round_id)

    async def entry(self, viewer: Viewer, facility: FacilityId | None = None) -> EntryDetail:
        """A centre's entry (the county's, unless said) as somebody sees it."""
        wanted = facility or self.world.county_hospital
        found = await self.round(viewer)
        (entry_id,) = (one.id for one in found.entries if one.facility.id == wanted)
        async with self.database.app.session(viewer) as session:
            return await showing.one_entry(session, self.clock, entry_id)

    async def open(self) -> None:
        """Self-checks begin."""
        seen = (await self.round(self.province)).round
        await self.run(
            self.province, planning.open_, self.round_id, RoundStep(version=seen.version)
        )

    async def submit(self) -> EntryDetail:
        """The county's centre says something to every indicator and signs."""
        entry = await self.entry(self.centre)
        for one in entry.items:
            said = AnswerItem(code=one.item.code, words="情况属实")
            await self.run(self.centre, checking.answer, entry.entry.id, said)
        order = SignStep(version=entry.entry.version, password="-")
        await self.run(self.centre, checking.submit, entry.entry.id, order)
        return await self.entry(self.centre)


async def somebody(
    database: Clone, world: World, role: Role, house: FacilityId, *regions: RegionId
) -> Viewer:
    """Somebody who exists, with one role at a house or for regions."""
    grants = [Grant(role, region_id=one) for one in regions] or [Grant(role, facility_id=house)]
    who, _ = await account(
        database.system, world.clock, f"{role}{new_id().hex[-8:]}", house, *grants
    )
    return replace(world.viewer(role, house, *regions), person_id=who)


async def tell(database: Clone) -> Told:
    """Two cases of the county in a closed month, and a round planned over it."""
    world = await region(database)
    async with database.system.session(SYSTEM) as session:
        await write_case(session, county_of(world), ("offer.accepted", 10))
        await write_case(session, county_of(world), ("offer.accepted", 30))
    province = await somebody(
        database, world, Role.COMMISSION, world.province_centre, world.province
    )
    told = Told(
        database=database,
        world=world,
        province=province,
        city=await somebody(database, world, Role.COMMISSION, world.city_centre, world.city),
        county=await somebody(
            database, world, Role.COMMISSION, world.county_hospital, world.county
        ),
        centre=await somebody(database, world, Role.MEDICAL_AFFAIRS, world.county_hospital),
        clock=SimulatedClock(NOW),
        round_id=new_id(),
    )
    closing = FreezePeriod(world.province, date(2026, 11, 1), date(2026, 11, 22))
    period = await told.run(province, frozen.freeze, closing)
    told.round_id = await told.run(province, planning.plan, plan_over(world, period.id))
    return told


def plan_over(world: World, period_id: UUID, **changed: Any) -> RoundPlan:
    """A plan over a closed period of the province."""
    said: dict[str, Any] = {
        "region_id": world.province,
        "period_id": period_id,
        "title": "2026 年 11 月试评",
        "self_check_by": date(2026, 12, 10),
        "assess_by": date(2026, 12, 31),
        "items": ITEMS,
    }
    return RoundPlan(**said | changed)
