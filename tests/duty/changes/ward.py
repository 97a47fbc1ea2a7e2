"""A ward whose roster is published: two colleagues with shifts to come, and who approves."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text

from duty.changes import service
from duty.changes.notices import TOPIC, tell
from duty.rosters import repository as rosters
from duty.rosters.oncall import DutyTier
from kernel.clock import SimulatedClock
from kernel.ids import ChangeId, PersonId, ShiftId
from kernel.viewer import Role, Viewer
from registry.people.models import Account
from registry.people.service import grant_role
from tests.duty.region import LONG_AGO, SEEDER, Region

DAY = timedelta(days=1)
FIRST, THIRD = DutyTier.FIRST, DutyTier.THIRD
LEAD, DESK = DutyTier.LEAD, DutyTier.GENERAL_DUTY


@dataclass(slots=True)
class Ward:
    """`ann` has the third line tomorrow (from `monday`), `bea` the day after."""

    region: Region
    ann: Viewer
    bea: Viewer
    coordinator: Viewer
    monday: datetime
    anns: ShiftId
    beas: ShiftId

    @property
    def tuesday(self) -> datetime:
        return self.monday + DAY

    async def ask(self, kind: str = "swap", who: Viewer | None = None, **over: object) -> ChangeId:
        """`ann` asks `bea` (default) to swap."""
        viewer = who or self.ann
        values: dict[str, object] = {
            "kind": kind,
            "shift_id": self.anns,
            "asked": [(self.bea.person_id, self.beas if kind == "swap" else None)],
            "reason": "family",
        }
        async with self.region.clone.app.session(viewer) as session:
            return await service.request(
                session,
                self.region.clock,
                viewer,
                **(values | over),  # type: ignore[arg-type]
            )

    async def accept(
        self, change: ChangeId, who: Viewer | None = None, rev: int = 1, no: int = 1
    ) -> None:
        viewer = who or self.bea
        async with self.region.clone.app.session(viewer) as session:
            await service.accept(session, self.region.clock, viewer, change, rev=rev, option=no)

    async def approve(self, change: ChangeId, who: Viewer | None = None, rev: int = 2) -> None:
        viewer = who or self.coordinator
        async with self.region.clone.app.session(viewer) as session:
            await service.approve(session, self.region.clock, viewer, change, rev=rev)

    async def withdraw(self, change: ChangeId, who: Viewer | None = None, rev: int = 2) -> None:
        viewer = who or self.ann
        async with self.region.clone.app.session(viewer) as session:
            await service.withdraw(session, self.region.clock, viewer, change, rev=rev)

    async def state(self, change: ChangeId) -> str:
        async with self.region.clone.system.session(SEEDER) as session:
            found = await session.execute(
                text("SELECT state FROM change_request WHERE id = :id"), {"id": change}
            )
            return str(found.scalar_one())

    async def holder(self, at: datetime, tier: DutyTier = THIRD) -> PersonId | None:
        """Who is on call at a moment, as everybody is told."""
        async with self.region.clone.app.session(self.region.doctor) as session:
            roster = await rosters.roster(session, self.region.centre, at)
            return next(one.person_id for one in roster if one.slot.tier == tier)


async def open_ward(region: Region) -> Ward:
    """The third line of the centre, two days ahead, by two experts."""
    ann = await region.staff(region.centre, Role.EXPERT, name="安然")
    bea = await region.staff(region.centre, Role.EXPERT, name="白芷")
    coordinator = await region.staff(region.centre, Role.COORDINATOR, name="程知")
    monday = region.clock.now() + DAY
    return Ward(
        region,
        ann,
        bea,
        coordinator,
        monday,
        await region.shift(THIRD, ann, monday),
        await region.shift(THIRD, bea, monday + DAY),
    )


async def account(region: Region, who: Viewer) -> None:
    """Somebody's account with their roles, as those who are looked for by role have one."""
    async with region.clone.system.session(SEEDER) as session:
        session.add(
            Account(
                id=who.account_id,
                person_id=who.person_id,
                login=str(who.account_id),
                password_hash="x",
                created_at=region.clock.now(),
            )
        )
        await session.flush()  # the grant refers to it
        for role in who.roles:
            await grant_role(
                session,
                SimulatedClock(LONG_AGO),
                who.account_id,
                role,
                facility_id=who.facility_id,
            )


async def heard(region: Region, code: str) -> set[PersonId]:
    """Carry the news, and say who has the notice."""
    async with region.clone.system.session(SEEDER) as session:
        news = await session.execute(
            text("SELECT payload FROM outbox WHERE topic = :topic ORDER BY id"), {"topic": TOPIC}
        )
        for row in news.all():
            await tell(session, region.clock, row.payload)
    async with region.clone.system.session(SEEDER) as session:
        found = await session.execute(
            text("SELECT DISTINCT person_id FROM inbox_item WHERE data ->> 'code' = :code"),
            {"code": code},
        )
        return {PersonId(row.person_id) for row in found}
