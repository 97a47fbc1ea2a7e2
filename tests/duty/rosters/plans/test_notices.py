"""Whoever waits for a plan hears of it: 医务科 of what is submitted, the drafter of the answer."""

from uuid import UUID

import pytest
from sqlalchemy import text

from duty.rosters.plans import queries
from duty.rosters.plans import service as plans
from duty.rosters.plans.notices import TOPIC, tell
from kernel.ids import PersonId
from tests.duty.changes.ward import account
from tests.duty.region import SEEDER, Region
from tests.duty.rosters.ward import Ward, ward


@pytest.fixture
async def icu(region: Region) -> Ward:
    return await ward(region)


async def heard(icu: Ward) -> list[tuple[str, PersonId]]:
    """Carry the news once; every notice about plans, the oldest first."""
    async with icu.region.clone.system.session(SEEDER) as session:
        news = await session.execute(
            text("DELETE FROM outbox WHERE topic = :topic RETURNING id, payload"), {"topic": TOPIC}
        )
        for row in sorted(news.all(), key=lambda one: one.id):
            await tell(session, icu.clock, row.payload)
    async with icu.region.clone.system.session(SEEDER) as session:
        found = await session.execute(
            text(
                "SELECT data ->> 'code' AS code, person_id FROM inbox_item"
                " WHERE data ->> 'code' LIKE 'duty.plan%' ORDER BY created_at, id"
            )
        )
        return [(row.code, PersonId(row.person_id)) for row in found]


async def send_back(icu: Ward, plan_id: UUID, reason: str) -> None:
    plan = await icu.plan(plan_id)
    async with icu.region.clone.app.session(icu.office) as session:
        await plans.send_back(session, icu.clock, icu.office, plan_id, plan.version, reason)


async def test_the_office_hears_of_a_plan_and_the_drafter_of_the_answer(icu: Ward) -> None:
    await account(icu.region, icu.office)
    plan_id = await icu.draft()
    await icu.put(plan_id, (icu.first, icu.people[0], 0, 3))
    await icu.submit(plan_id)
    office, desk = icu.office.person_id, icu.desk.person_id
    assert await heard(icu) == [("duty.plan_submitted", office)]
    await send_back(icu, plan_id, "周末请换人")
    assert (await heard(icu))[1:] == [("duty.plan_returned", desk)]
    assert (await icu.plan(plan_id)).returned == "周末请换人"
    await icu.submit(plan_id)
    await icu.approve(plan_id)
    # Approved before the news was carried: it waits for nobody, and nobody is told that it does.
    assert (await heard(icu))[2:] == [("duty.plan_approved", desk)]
    assert (await icu.plan(plan_id)).returned is None
    await icu.publish(plan_id)
    assert len(await heard(icu)) == 3


async def test_a_list_says_why_a_draft_came_back(icu: Ward) -> None:
    plan_id = await icu.draft()
    await icu.put(plan_id, (icu.first, icu.people[0], 0, 3))
    await icu.submit(plan_id)
    await send_back(icu, plan_id, "缺二线")
    async with icu.region.clone.app.session(icu.desk) as session:
        (listed,) = await queries.plans(session, icu.desk, icu.region.centre, None, icu.group)
    assert (listed.state, listed.returned) == ("draft", "缺二线")
