"""交接班: until the incoming person says "I have it", a page rings both."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from duty.changes import rulebook
from duty.changes.handover import queries, service
from duty.changes.handover.cases import OpenCase
from duty.changes.handover.errors import CasesChanged, HandoverEarly
from duty.changes.handover.notices import TOPIC, tell
from duty.changes.handover.schemas import DutyHandover
from duty.changes.handover.timers import run_due
from duty.escalation.engine import EscalationEngine
from duty.rosters import repository as rosters
from kernel.clock import SimulatedClock
from kernel.errors import IllegalTransition, NotAllowed, NotFound
from kernel.ids import CaseId, HandoverId, PersonId, new_id
from kernel.viewer import Role, Viewer
from tests.duty.changes.ward import DESK, FIRST, LEAD
from tests.duty.region import SEEDER, Region

MINUTE = timedelta(minutes=1)
CASE = OpenCase(
    CaseId(new_id()), "YL-1", "open", "critical", datetime.fromisoformat("2026-11-26T01:00:00Z")
)


class Open:
    """What a domain says is open."""

    def __init__(self, *cases: OpenCase) -> None:
        self.cases = list(cases)

    async def __call__(self, session: object, viewer: Viewer) -> list[OpenCase]:
        return self.cases


@dataclass(slots=True)
class Change:
    """The first line changes hands: `old` went at `at`, `new` has come."""

    region: Region
    old: Viewer
    new: Viewer
    at: datetime

    async def people_rung(self) -> set[PersonId]:
        async with self.region.clone.system.session(SEEDER) as session:
            rows = await session.execute(text("SELECT person_id FROM page_target"))
            return {PersonId(row.person_id) for row in rows}

    async def id(self) -> HandoverId:
        async with self.region.clone.system.session(SEEDER) as session:
            found = await session.execute(text("SELECT id FROM duty_handover"))
            return HandoverId(found.scalar_one())

    async def accept(self, who: Viewer, cases: Open, *seen: CaseId) -> None:
        async with self.region.clone.app.session(who) as session:
            await service.accept(
                session, self.region.clock, who, cases, await self.id(), case_ids=seen
            )

    async def seen_by(self, who: Viewer, cases: Open) -> Sequence[DutyHandover]:
        async with self.region.clone.app.session(who) as session:
            return await queries.around(session, self.region.clock, who, cases)


async def changing(region: Region, after: timedelta) -> Change:
    """The first line's shift of now ends `after` from now (before: negative)."""
    now = region.clock.now()
    at = now + after
    new = await region.staff(region.centre, Role.EXPERT, name="新晨")
    old = region.experts[FIRST]
    async with region.clone.system.session(SEEDER) as session:
        values = {"at": at, "slot": region.slots[FIRST], "old": old.person_id, "by": now}
        await session.execute(
            text(
                "UPDATE shift SET status = 'superseded', superseded_at = :by"
                " WHERE slot_id = :slot AND status = 'active'"
            ),
            values,
        )
    await region.shift(FIRST, old, at - timedelta(hours=12), hours=12)
    await region.shift(FIRST, new, at, hours=12)
    await run_due(region.clone.system, region.clock)
    return Change(region, old, new, at)


async def told(region: Region, code: str) -> set[PersonId]:
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


async def test_until_it_is_accepted_a_page_rings_both_and_on_call_says_one(region: Region) -> None:
    change = await changing(region, -MINUTE)
    async with region.clone.app.session(region.doctor) as session:
        roster = await rosters.roster(session, region.centre, region.clock.now())
    assert [one.person_id for one in roster if one.slot.tier == FIRST] == [change.new.person_id]
    await region.policy(0, 600)
    await region.page()
    assert await change.people_rung() == {change.old.person_id, change.new.person_id}
    await change.accept(change.new, Open())
    await region.page()
    async with region.clone.system.session(SEEDER) as session:
        last = await session.execute(
            text(
                "SELECT person_id FROM page_target t JOIN page p ON p.id = t.page_id"
                " WHERE p.created_at = (SELECT max(created_at) FROM page)"
            )
        )
        assert [row.person_id for row in last] == [change.new.person_id]


async def test_a_later_step_rings_both_too(region: Region) -> None:
    change = await changing(region, -MINUTE)
    await region.policy(0, 1, 1)
    page = await region.page()
    async with region.clone.system.session(SEEDER) as session:
        await session.execute(text("UPDATE escalation SET next_due_at = clock_timestamp()"))
    await EscalationEngine(region.clone.system, region.clock).run_once()
    assert page
    assert {change.old.person_id, change.new.person_id} < await change.people_rung()


async def test_before_the_hour_nobody_holds_and_nobody_accepts(region: Region) -> None:
    change = await changing(region, 10 * MINUTE)
    with pytest.raises(HandoverEarly):
        await change.accept(change.new, Open())
    await region.policy(0, 600)
    await region.page()
    assert await change.people_rung() == {change.old.person_id}
    assert await told(region, "duty.handover_near") == {change.old.person_id, change.new.person_id}


async def test_it_opens_half_an_hour_before_and_once(region: Region) -> None:
    change = await changing(region, 40 * MINUTE)
    assert await change.seen_by(change.new, Open()) == []
    at = SimulatedClock(change.at - 29 * MINUTE)
    for _ in range(2):
        await run_due(region.clone.system, at)
    (waiting,) = await change.seen_by(change.new, Open())
    assert (waiting.state, waiting.holds, waiting.side) == ("open", False, "incoming")


async def test_the_list_that_was_read_is_the_list_that_is_acknowledged(region: Region) -> None:
    change = await changing(region, -MINUTE)
    with pytest.raises(CasesChanged) as refused:
        await change.accept(change.new, Open(CASE))
    assert refused.value.fields["count"] == 1
    async with region.clone.app.session(change.old) as session:
        await service.add_note(
            session,
            region.clock,
            change.old,
            Open(CASE),
            await change.id(),
            text="3 床出血，血已备",
            case_id=CASE.case_id,
        )
    (waiting,) = await change.seen_by(change.new, Open(CASE))
    assert [one.number for one in waiting.cases] == ["YL-1"]
    assert waiting.actions == ["accept"]
    await change.accept(change.new, Open(CASE), CASE.case_id)
    (done,) = await change.seen_by(change.new, Open())
    assert (done.state, done.holds) == ("accepted", False)
    assert [one.number for one in done.cases] == ["YL-1"], "what was shown is kept"
    assert [note.text for note in done.notes] == ["3 床出血，血已备"]
    with pytest.raises(IllegalTransition):
        await change.accept(change.new, Open())


async def test_who_may_do_what(region: Region) -> None:
    change = await changing(region, -MINUTE)
    lead = region.experts[LEAD]
    foreign = await region.staff(region.county, Role.COORDINATOR)
    with pytest.raises(NotAllowed):
        await change.accept(lead, Open())
    for who, refusal in ((change.new, NotAllowed), (change.old, NotAllowed), (foreign, NotFound)):
        async with region.clone.app.session(who) as session:
            with pytest.raises(refusal):
                await service.settle(session, region.clock, who, await change.id(), note="不是组长")
    other = await region.staff(region.centre, Role.EXPERT)
    async with region.clone.app.session(other) as session:
        with pytest.raises(NotAllowed):
            await service.add_note(
                session, region.clock, other, Open(), await change.id(), text="x"
            )
    async with region.clone.app.session(foreign) as session:
        with pytest.raises(NotFound):
            await queries.one(session, region.clock, foreign, Open(), await change.id())
    async with region.clone.app.session(lead) as session:
        await service.settle(session, region.clock, lead, await change.id(), note="电话确认已接班")
    await region.policy(0, 600)
    await region.page()
    assert await change.people_rung() == {change.new.person_id}


async def test_not_accepted_in_time_is_reminded_of_and_then_the_lead_hears(region: Region) -> None:
    change = await changing(region, -6 * MINUTE)
    assert await told(region, "duty.handover_waiting") == {change.new.person_id}
    assert await told(region, "duty.handover_late") == set()
    async with region.clone.owner.session(SEEDER) as session:
        await session.execute(text("ALTER TABLE duty_handover NO FORCE ROW LEVEL SECURITY"))
        await session.execute(text("UPDATE duty_handover SET alarm_at = now()"))
    await run_due(region.clone.system, region.clock)
    heads = {region.experts[tier].person_id for tier in (LEAD, DESK)}
    both = {change.old.person_id, change.new.person_id}
    assert await told(region, "duty.handover_late") == both | heads


async def test_a_roster_changed_in_between_lets_it_lapse(region: Region) -> None:
    change = await changing(region, -MINUTE)
    async with region.clone.system.session(SEEDER) as session:
        await session.execute(
            text(
                "UPDATE shift SET status = 'superseded', superseded_at = now()"
                " WHERE person_id = :new"
            ),
            {"new": change.new.person_id},
        )
    await run_due(region.clone.system, region.clock)
    (lapsed,) = await change.seen_by(change.new, Open())
    assert lapsed.state == "lapsed"


async def test_a_facility_may_do_without(region: Region) -> None:
    async with region.clone.system.session(SEEDER) as session:
        await rulebook.install(
            session,
            replace(rulebook.shipped(), handover_needed=False),
            facility_id=region.centre,
        )
    change = await changing(region, -MINUTE)
    assert await change.seen_by(change.new, Open()) == []
