"""A group of three on a clock of its own: who drafts, who approves, who is rostered."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from duty.rosters import service
from duty.rosters.oncall import DutyTier
from duty.rosters.plans import repository as store
from duty.rosters.plans import service as plans
from duty.rosters.plans.content import Kind, Plan
from duty.rosters.plans.service import Changes, Placed
from kernel.clock import SimulatedClock
from kernel.ids import GroupId, SlotId
from kernel.viewer import Role, Viewer
from tests.duty.region import SEEDER, Region

START = datetime(2027, 3, 1, tzinfo=UTC)
"""08:00 in China, a Monday."""

DAY = timedelta(days=1)


@dataclass(slots=True)
class Ward:
    """A second group of the centre, empty, in the year after the region's roster."""

    region: Region
    clock: SimulatedClock
    group: GroupId
    first: SlotId
    third: SlotId
    desk: Viewer
    office: Viewer
    people: list[Viewer]

    async def draft(self, days: int = 3, kind: Kind = "regular", begin: datetime = START) -> UUID:
        """A plan from `begin` on."""
        async with self.region.clone.app.session(self.desk) as session:
            return await plans.draft(
                session,
                self.clock,
                self.desk,
                group_id=self.group,
                kind=kind,
                name="三月",
                period=(begin, begin + days * DAY),
            )

    async def plan(self, plan_id: UUID) -> Plan:
        """As the desk sees it."""
        async with self.region.clone.app.session(self.desk) as session:
            found = await store.get(session, plan_id)
        assert found is not None
        return found

    async def put(self, plan_id: UUID, *placed: tuple[SlotId, Viewer, float, float]) -> None:
        """(place, who, first day, last day) counted from the plan's own beginning."""
        plan = await self.plan(plan_id)
        begin = plan.period[0]
        wanted = [
            Placed(slot, who.person_id, (begin + first * DAY, begin + last * DAY))
            for slot, who, first, last in placed
        ]
        async with self.region.clone.app.session(self.desk) as session:
            await plans.edit(session, self.desk, plan_id, plan.version, Changes(put=wanted))

    async def submit(self, plan_id: UUID) -> None:
        """The desk asks 医务科."""
        plan = await self.plan(plan_id)
        async with self.region.clone.app.session(self.desk) as session:
            await plans.submit(session, self.clock, self.desk, plan_id, plan.version)

    async def approve(self, plan_id: UUID, who: Viewer | None = None) -> None:
        """医务科 approves what it reads."""
        plan, viewer = await self.plan(plan_id), who or self.office
        assert plan.content_hash is not None
        async with self.region.clone.app.session(viewer) as session:
            await plans.approve(
                session, self.clock, viewer, plan_id, plan.version, plan.content_hash
            )

    async def publish(self, plan_id: UUID, who: Viewer | None = None) -> int:
        """The approved plan becomes shifts."""
        plan, viewer = await self.plan(plan_id), who or self.desk
        async with self.region.clone.app.session(viewer) as session:
            return await plans.publish(session, self.clock, viewer, plan_id, plan.version)

    async def through(self, plan_id: UUID) -> int:
        """All the way."""
        await self.submit(plan_id)
        await self.approve(plan_id)
        return await self.publish(plan_id)


async def ward(region: Region) -> Ward:
    """A group with a required first line and a third line that need not be filled."""
    async with region.clone.system.session(SEEDER) as session:
        group = await service.create_group(
            session, SEEDER, facility_id=region.centre, code="ICU", name="重症组"
        )
        first, third = [
            await service.create_slot(
                session,
                SEEDER,
                facility_id=region.centre,
                group_id=group,
                specialty="icu",
                tier=tier,
                required=tier is DutyTier.FIRST,
            )
            for tier in (DutyTier.FIRST, DutyTier.THIRD)
        ]
    return Ward(
        region,
        SimulatedClock(START - 10 * DAY),
        group,
        first,
        third,
        await region.staff(region.centre, Role.DUTY_DESK, name="顾云舒"),
        await region.staff(region.centre, Role.MEDICAL_AFFAIRS, name="叶静禾"),
        [
            await region.staff(region.centre, Role.EXPERT, name=name)
            for name in ("沈知夏", "陆清越", "程若溪")
        ],
    )
