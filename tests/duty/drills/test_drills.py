"""A drill from the wish to the league table: real rows, real rights, never care."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from duty.drills import queries, service
from duty.drills.errors import DrillRunning, ExcuseRefused, NobodyToDrill
from duty.drills.schemas import DrillIn, DrillOut, ExcuseIn, ScheduleIn
from duty.drills.timers import run_due
from duty.escalation import policy
from duty.escalation import service as pages
from duty.rosters.oncall import DutyTier
from kernel.errors import NotAllowed, NotFound
from kernel.ids import PageId, PersonId, RegionId
from kernel.viewer import Role, Viewer
from tests.duty.region import SEEDER, Region

FIRST, SECOND, LEAD, DESK = (
    DutyTier.FIRST,
    DutyTier.SECOND,
    DutyTier.LEAD,
    DutyTier.GENERAL_DUTY,
)


@pytest.fixture
async def coordinator(region: Region) -> Viewer:
    """Who may drill the centre."""
    async with region.clone.system.session(SEEDER) as session:
        await policy.install_shipped(session)
    return await region.staff(region.centre, Role.COORDINATOR)


async def rows(region: Region, sql: str, **values: object) -> list[tuple[object, ...]]:
    async with region.clone.system.session(SEEDER) as session:
        return [tuple(row) for row in await session.execute(text(sql), values)]


async def execute(region: Region, sql: str, **values: object) -> None:
    async with region.clone.system.session(SEEDER) as session:
        await session.execute(text(sql), values)


async def ask(region: Region, viewer: Viewer, group: UUID | None = None) -> UUID:
    async with region.clone.app.session(viewer) as session:
        wanted = DrillIn(facility_id=region.centre, group_id=group)
        return await service.ask(session, region.clock, viewer, wanted)


async def begin(region: Region) -> None:
    await run_due(region.clone.system, region.clock)


async def seen(region: Region, viewer: Viewer, drill_id: UUID) -> DrillOut:
    async with region.clone.app.session(viewer) as session:
        return await queries.drill(session, drill_id)


async def page_of(region: Region, drill_id: UUID) -> PageId:
    ((page_id,),) = await rows(
        region, "SELECT page_id FROM paging_drill WHERE id = :id", id=drill_id
    )
    assert isinstance(page_id, UUID)
    return PageId(page_id)


async def answer(region: Region, drill_id: UUID, tier: DutyTier, *, yes: bool = True) -> None:
    who, page_id = region.experts[tier], await page_of(region, drill_id)
    async with region.clone.app.session(who) as session:
        if yes:
            await pages.acknowledge(session, region.clock, who, page_id)
        else:
            await pages.decline(session, region.clock, who, page_id, reason="in_surgery")


async def test_everybody_on_call_rings_at_once_and_the_first_yes_stops_nobody(
    region: Region, coordinator: Viewer
) -> None:
    drill_id = await ask(region, coordinator)
    assert (await seen(region, coordinator, drill_id)).started_at is None
    await begin(region)
    drill = await seen(region, coordinator, drill_id)
    assert {one.tier for one in drill.answers} == {"first", "second", "lead"}
    await answer(region, drill_id, FIRST)
    await begin(region)
    drill = await seen(region, coordinator, drill_id)
    assert (drill.ended_at, drill.tally.answered, drill.tally.people) == (None, 1, 3)
    await answer(region, drill_id, SECOND, yes=False)
    await answer(region, drill_id, LEAD)
    await begin(region)
    drill = await seen(region, coordinator, drill_id)
    assert (drill.end_reason, drill.tally.answered, drill.tally.few) == ("answered", 3, True)
    assert {one.tier: (one.state, one.decline_reason) for one in drill.answers} == {
        "first": ("acknowledged", None),
        "second": ("declined", "in_surgery"),
        "lead": ("acknowledged", None),
    }
    assert all(one.seconds is not None for one in drill.answers)


async def test_it_is_marked_everywhere_and_counted_nowhere(
    region: Region, coordinator: Viewer
) -> None:
    drill_id = await ask(region, coordinator)
    await begin(region)
    ((event, title, drill),) = await rows(
        region, "SELECT event, title, drill FROM page WHERE case_id = :id", id=drill_id
    )
    assert (event, drill) == ("drill.called", True)
    assert str(title).startswith("【演练】")
    told = await rows(
        region, "SELECT data ->> 'title' FROM inbox_item WHERE case_id = :id", id=drill_id
    )
    assert told
    assert all("演练" in str(one) for (one,) in told)
    (said,) = await rows(
        region,
        "SELECT convert_from(payload, 'UTF8')::jsonb ->> 'drill' FROM case_event"
        " WHERE case_id = :id AND kind = 'drill.started'",
        id=drill_id,
    )
    assert said == ("true",)
    assert await rows(region, "SELECT 1 FROM quality_case WHERE case_id = :id", id=drill_id) == []


async def test_nobody_answers_and_time_ends_it(region: Region, coordinator: Viewer) -> None:
    drill_id = await ask(region, coordinator)
    await begin(region)
    await execute(region, "UPDATE paging_drill SET started_at = started_at - interval '301 s'")
    await begin(region)
    drill = await seen(region, coordinator, drill_id)
    assert (drill.end_reason, drill.tally.answered, drill.tally.median_s) == ("time", 0, None)
    ((state,),) = await rows(
        region, "SELECT state FROM escalation WHERE case_id = :id", id=drill_id
    )
    assert state == "cancelled"


async def test_a_drill_waits_for_an_emergency_and_gives_way_to_one(
    region: Region, coordinator: Viewer
) -> None:
    await region.policy(0, 60)
    page_id = await region.page()
    drill_id = await ask(region, coordinator)
    await begin(region)
    assert (await seen(region, coordinator, drill_id)).started_at is None
    await execute(
        region,
        "UPDATE escalation SET state = 'cancelled', next_due_at = NULL WHERE page_id = :p",
        p=page_id,
    )
    await execute(region, "UPDATE paging_drill SET due_at = clock_timestamp()")
    await begin(region)
    assert (await seen(region, coordinator, drill_id)).started_at is not None
    await region.page(key="another")
    await begin(region)
    assert (await seen(region, coordinator, drill_id)).end_reason == "real_page"


async def test_one_group_alone_is_rung(region: Region, coordinator: Viewer) -> None:
    from duty.rosters import service as rosters

    async with region.clone.system.session(SEEDER) as session:
        other = await rosters.create_group(
            session, SEEDER, facility_id=region.centre, code="AN", name="麻醉组"
        )
    with pytest.raises(NobodyToDrill):
        await ask(region, coordinator, other)
    drill_id = await ask(region, coordinator, region.group)
    await begin(region)
    drill = await seen(region, coordinator, drill_id)
    assert (drill.group, drill.tally.people) == ("产科急救", 3)


async def test_whose_house_it_is_not_may_not_drill_it(region: Region, coordinator: Viewer) -> None:
    stranger = await region.staff(region.county, Role.COORDINATOR)
    with pytest.raises(NotAllowed):
        await ask(region, stranger)
    drill_id = await ask(region, coordinator)
    with pytest.raises(DrillRunning):
        await ask(region, coordinator)
    await begin(region)
    with pytest.raises(NotFound):
        await seen(region, stranger, drill_id)


async def test_an_excuse_is_written_afterwards_by_somebody_else(
    region: Region, coordinator: Viewer
) -> None:
    drill_id = await ask(region, coordinator)
    await begin(region)
    await answer(region, drill_id, FIRST)
    lead = region.experts[LEAD].person_id

    async def excuse(person_id: PersonId) -> None:
        async with region.clone.app.session(coordinator) as session:
            why = ExcuseIn(reason="in_surgery")
            await service.excuse(session, region.clock, coordinator, drill_id, person_id, why)

    for person_id in (lead, coordinator.person_id):
        with pytest.raises(ExcuseRefused):
            await excuse(person_id)
    await execute(region, "UPDATE paging_drill SET started_at = started_at - interval '301 s'")
    await begin(region)
    with pytest.raises(ExcuseRefused):
        await excuse(region.experts[FIRST].person_id)
    await excuse(lead)
    await excuse(lead)
    drill = await seen(region, coordinator, drill_id)
    assert (drill.tally.answered, drill.tally.excused, drill.tally.timed) == (2, 1, 2)


async def test_the_league_counts_what_ran_to_its_end(region: Region, coordinator: Viewer) -> None:
    drill_id = await ask(region, coordinator)
    await begin(region)
    for tier in (FIRST, SECOND, LEAD):
        await answer(region, drill_id, tier)
    await begin(region)
    async with region.clone.app.session(coordinator) as session:
        since = region.clock.now() - timedelta(days=40)
        (row,) = await queries.league(session, since)
    assert (row.drills, row.tally.people, row.tally.prompt, row.group) == (1, 3, 3, None)


async def test_a_regions_plan_draws_one_hidden_moment_a_month_for_each_house(
    region: Region, coordinator: Viewer
) -> None:
    ((city,),) = await rows(region, "SELECT region_id FROM facility WHERE id = :f", f=region.centre)
    assert isinstance(city, UUID)
    regional = replace(coordinator, region_ids=frozenset({RegionId(city)}))
    async with region.clone.app.session(regional) as session:
        wanted = ScheduleIn(region_id=city, per_month=2)
        await service.plan(session, region.clock, regional, wanted)
    # On the last evening of a month nothing may be left of it: then the next one is drawn.
    await begin(region)
    await begin(region)
    planned = await rows(region, "SELECT facility_id, number FROM paging_drill")
    assert len(set(planned)) == len(planned)
    assert {facility for facility, _ in planned} <= {region.centre}
    async with region.clone.app.session(regional) as session:
        assert await queries.newest(session) == []
        (plan,) = await queries.schedules(session)
    await execute(region, "UPDATE paging_drill SET due_at = clock_timestamp()")
    async with region.clone.app.session(regional) as session:
        await service.end_plan(session, region.clock, plan.id)
    await begin(region)
    assert await rows(region, "SELECT 1 FROM paging_drill WHERE started_at IS NOT NULL") == []


async def test_medical_affairs_see_a_drill_of_their_house_that_others_asked_for(
    region: Region, coordinator: Viewer
) -> None:
    affairs = await region.staff(region.centre, Role.MEDICAL_AFFAIRS)
    elsewhere = await region.staff(region.county, Role.MEDICAL_AFFAIRS)
    drill_id = await ask(region, coordinator)
    await begin(region)
    assert len((await seen(region, affairs, drill_id)).answers) == 3
    with pytest.raises(NotFound):
        await seen(region, elsewhere, drill_id)
