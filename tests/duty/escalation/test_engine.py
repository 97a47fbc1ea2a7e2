"""The engine climbs until somebody answers: once per step, never after an answer."""

import asyncio
import time

import pytest
from sqlalchemy import text

from duty.escalation import service
from duty.escalation.engine import EscalationEngine
from duty.rosters import service as rosters
from duty.rosters.oncall import DutyTier
from kernel.clock import SystemClock
from kernel.ids import CaseId, PageId
from kernel.viewer import Role, Viewer
from tests.duty.region import SEEDER, Region
from tests.fixtures.database import Clone

FIRST, SECOND, LEAD, DESK = (
    DutyTier.FIRST,
    DutyTier.SECOND,
    DutyTier.LEAD,
    DutyTier.GENERAL_DUTY,
)


async def make_due(region: Region, page_id: PageId) -> None:
    """Pull the next step to now, as if its time had passed."""
    async with region.clone.system.session(SEEDER) as session:
        await session.execute(
            text("UPDATE escalation SET next_due_at = clock_timestamp() WHERE page_id = :p"),
            {"p": page_id},
        )


async def rows(region: Region, sql: str, **values: object) -> list[tuple[object, ...]]:
    async with region.clone.system.session(SEEDER) as session:
        return [tuple(row) for row in await session.execute(text(sql), values)]


async def targets(region: Region, page_id: PageId) -> list[tuple[object, ...]]:
    return await rows(
        region,
        "SELECT step, tier, state FROM page_target WHERE page_id = :p ORDER BY step, tier",
        p=page_id,
    )


async def kinds(region: Region, case_id: CaseId) -> list[object]:
    found = await rows(
        region, "SELECT kind FROM case_event WHERE case_id = :c ORDER BY seq", c=case_id
    )
    return [row[0] for row in found]


@pytest.fixture
def engine(region: Region) -> EscalationEngine:
    return EscalationEngine(region.clone.system, region.clock)


async def test_silence_climbs_to_step_two_by_the_databases_clock(
    region: Region, engine: EscalationEngine
) -> None:
    await region.policy(0, 1, 1)
    case_id = await region.open_case()
    started = time.monotonic()
    page_id = await region.page(case_id)
    assert await engine.run_once() is False
    assert [row[0] for row in await targets(region, page_id)] == [0]
    while [row[0] for row in await targets(region, page_id)] != [0, 1, 2]:
        await engine.run_once()
        assert time.monotonic() - started < 60
        await asyncio.sleep(0.02)
    assert time.monotonic() - started >= 2.0
    assert await targets(region, page_id) == [
        (0, "first", "unreachable"),
        (1, "second", "unreachable"),
        (2, "lead", "queued"),
    ]
    assert (await kinds(region, case_id))[1:] == ["page.sent", "page.escalated", "page.escalated"]


async def test_the_end_of_the_policy_is_a_loop_not_silence(
    region: Region, engine: EscalationEngine
) -> None:
    await region.policy(0)
    case_id = await region.open_case()
    page_id = await region.page(case_id)
    for _ in range(3):
        await make_due(region, page_id)
        assert await engine.run_once() is False
    loop = [(step, tier) for step, tier, _ in await targets(region, page_id) if step]
    assert loop == [(s, t) for s in (1, 2, 3) for t in ("general_duty", "lead")]
    assert (await kinds(region, case_id)).count("page.exhausted") == 1
    assert await rows(region, "SELECT state FROM escalation") == [("exhausted",)]
    desk = region.experts[DESK]
    async with region.clone.app.session(desk) as session:
        await service.acknowledge(session, region.clock, desk, page_id)
    assert await rows(
        region,
        "SELECT state, next_due_at - ended_at = interval '180 seconds' FROM escalation",
    ) == [("acknowledged", True)]


async def test_where_nobody_leads_the_loop_rings_whoever_is_on_call(
    region: Region, engine: EscalationEngine
) -> None:
    await region.policy(0)
    page_id = await region.page()
    for tier in (LEAD, DESK):
        await rows(
            region,
            "UPDATE shift SET status = 'superseded', superseded_at = clock_timestamp()"
            " WHERE slot_id = :s RETURNING 1",
            s=region.slots[tier],
        )
    for _ in range(2):
        await make_due(region, page_id)
        await engine.run_once()
    loop = [(step, tier) for step, tier, _ in await targets(region, page_id) if step]
    assert loop == [(s, t) for s in (1, 2) for t in ("first", "second")]
    told = await rows(
        region,
        "SELECT count(*) FROM inbox_item WHERE kind = 'notice' AND person_id = :d",
        d=region.doctor.person_id,
    )
    assert told == [(2,)], "the hole is said aloud every time round"


async def test_the_roster_of_the_moment_decides_not_that_of_the_request(
    region: Region, engine: EscalationEngine
) -> None:
    await region.policy(0, 600)
    page_id = await region.page()
    substitute = await region.staff(region.centre, Role.EXPERT)
    now = region.clock.now()
    async with region.clone.system.session(SEEDER) as session:
        await rosters.cover(
            session,
            region.clock,
            SEEDER,
            slot_id=region.slots[SECOND],
            person_id=substitute.person_id,
            start=now,
            end=now.replace(year=now.year + 1),
        )
    await make_due(region, page_id)
    await engine.run_once()
    assert await rows(region, "SELECT person_id FROM page_target WHERE step = 1") == [
        (substitute.person_id,)
    ]


async def test_an_empty_step_is_skipped_and_the_next_rings_in_the_same_breath(
    region: Region, engine: EscalationEngine
) -> None:
    await region.policy(0, 600, 600)
    page_id = await region.page()
    await rows(
        region,
        "UPDATE shift SET status = 'superseded', superseded_at = clock_timestamp()"
        " WHERE slot_id = :s RETURNING 1",
        s=region.slots[SECOND],
    )
    await make_due(region, page_id)
    await engine.run_once()
    assert [row[0] for row in await targets(region, page_id)] == [0, 2]
    notices = await rows(region, "SELECT person_id FROM inbox_item WHERE kind = 'notice'")
    assert {row[0] for row in notices} == {
        region.doctor.person_id,
        region.experts[LEAD].person_id,
        region.experts[DESK].person_id,
    }


async def test_those_who_declined_are_not_rung_again(
    region: Region, engine: EscalationEngine
) -> None:
    await region.policy(0, 600, 600)
    page_id = await region.page()
    first = region.experts[FIRST]
    async with region.clone.app.session(first) as session:
        await service.decline(session, region.clock, first, page_id, reason="in_surgery")
    await engine.run_once()
    assert await targets(region, page_id) == [(0, "first", "declined"), (1, "second", "queued")]


async def test_an_answer_racing_the_engine_has_one_winner(region: Region) -> None:
    """Whatever the order, a committed answer is followed by no new step, and nothing deadlocks."""
    await region.policy(0, 600, 600)
    engines = [EscalationEngine(region.clone.system, region.clock) for _ in range(2)]
    expert = region.experts[FIRST]
    answered_first = 0
    for trial in range(40):
        page_id = await region.page()
        await make_due(region, page_id)

        async def answer(page: PageId) -> None:
            async with region.clone.app.session(expert) as session:
                await service.acknowledge(session, region.clock, expert, page)

        async def climb(engine: EscalationEngine, pause_s: float) -> None:
            await asyncio.sleep(pause_s)
            await engine.run_once()

        # The answer needs a few round trips to reach the lock: the engine starts before, among
        # and after them.
        pause_s = (trial % 20) * 0.001
        await asyncio.gather(answer(page_id), *(climb(engine, pause_s) for engine in engines))
        for engine in engines:
            await engine.run_once()
        (ladder,) = await rows(
            region, "SELECT state, step, ended_at FROM escalation WHERE page_id = :p", p=page_id
        )
        assert ladder[0] == "acknowledged"
        steps = await rows(
            region,
            "SELECT step, queued_at FROM page_target WHERE page_id = :p ORDER BY step",
            p=page_id,
        )
        assert len(steps) in (1, 2)
        answered_first += len(steps) == 1
        assert all(queued_at <= ladder[2] for _, queued_at in steps)  # type: ignore[operator]
    assert 0 < answered_first < 40


async def test_many_engines_fire_each_step_once(region: Region) -> None:
    await region.policy(0, 600, 600)
    pages = [await region.page() for _ in range(12)]
    for page_id in pages:
        await make_due(region, page_id)
    engines = [EscalationEngine(region.clone.system, region.clock) for _ in range(4)]
    await asyncio.gather(*(engine.run_once() for engine in engines))
    for engine in engines:
        await engine.run_once()
    for page_id in pages:
        assert [row[0] for row in await targets(region, page_id)] == [0, 1]
    escalated = await rows(region, "SELECT count(*) FROM case_event WHERE kind = 'page.escalated'")
    assert escalated == [(12,)]
    items = await rows(region, "SELECT count(*) FROM inbox_item WHERE kind = 'page'")
    assert items == [(24,)]


async def test_a_page_that_cannot_be_rung_does_not_hold_up_the_others(
    region: Region, engine: EscalationEngine
) -> None:
    await region.policy(0, 600, 600)
    broken, sound = await region.page(), await region.page()
    # A step beyond what the column holds: the insert fails for this page alone.
    await rows(
        region, "UPDATE escalation SET step = 2147483647 WHERE page_id = :p RETURNING 1", p=broken
    )
    for page_id in (broken, sound):
        await make_due(region, page_id)
    await engine.run_once()
    assert [row[0] for row in await targets(region, sound)] == [0, 1]
    ((waits,),) = await rows(
        region,
        "SELECT next_due_at > clock_timestamp() FROM escalation WHERE page_id = :p",
        p=broken,
    )
    assert waits is True


async def test_next_due_says_how_long_to_sleep(region: Region, engine: EscalationEngine) -> None:
    assert await engine.next_due_s() is None
    await region.policy(0, 600)
    await region.page()
    due = await engine.next_due_s()
    assert due is not None
    assert 590 < due <= 600


async def test_shipped_policies_install_once(database: Clone) -> None:
    """Those of the first revision keep their digests; later ones come with the engine."""
    count = text("SELECT count(*), count(*) FILTER (WHERE mode = 'first') FROM policy_version")
    found = []
    for _ in range(3):
        async with database.system.session(Viewer.system("test")) as session:
            found.append(tuple((await session.execute(count)).one()))
        await EscalationEngine(database.system, SystemClock()).install_policies()
    assert found[0][0] == found[0][1] > 0
    assert found[1] == found[2]
    assert [after - before for before, after in zip(found[0], found[1], strict=True)] == [5, 3]
