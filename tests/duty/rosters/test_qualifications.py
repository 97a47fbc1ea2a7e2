"""A qualification that ends inside a plan, or is revoked with a reason, stops the plan."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from duty.rosters import groups, qualifications
from duty.rosters.errors import PlanUnsound
from duty.rosters.repository import SlotTerms
from kernel.errors import NotFound
from tests.duty.region import SEEDER, Region
from tests.duty.rosters.ward import START, Ward, ward

KIND = "危重症救治培训合格证"


@pytest.fixture
async def icu(region: Region) -> Ward:
    """The first line asks for a certificate."""
    found = await ward(region)
    async with region.clone.app.session(found.desk) as session:
        terms = SlotTerms(None, required=True, exclusive=True, qualification=KIND)
        await groups.change_slot(session, found.clock, found.desk, found.first, terms)
    return found


async def hold(icu: Ward, until: date | None) -> UUID:
    async with icu.region.clone.app.session(icu.desk) as session:
        return await qualifications.record(
            session,
            icu.clock,
            icu.desk,
            person_id=icu.people[0].person_id,
            kind=KIND,
            first=START.date() - timedelta(days=30),
            until=until,
        )


@pytest.mark.parametrize(("days", "sound"), [(1, False), (2, False), (3, False), (4, True)])
async def test_it_must_count_on_the_last_day_too(icu: Ward, days: int, sound: bool) -> None:
    """The third duty ends on the fourth calendar day, at eight in the morning."""
    await hold(icu, START.date() + timedelta(days=days))
    plan_id = await icu.draft()
    await icu.put(plan_id, (icu.first, icu.people[0], 0, 3))
    if sound:
        assert await icu.through(plan_id) == 1
        return
    with pytest.raises(PlanUnsound) as refused:
        await icu.submit(plan_id)
    assert refused.value.fields["kind"] == "qualification_missing"


async def test_revoked_between_approval_and_publishing_it_stops_the_plan(icu: Ward) -> None:
    held = await hold(icu, None)
    plan_id = await icu.draft()
    await icu.put(plan_id, (icu.first, icu.people[0], 0, 3))
    await icu.submit(plan_id)
    await icu.approve(plan_id)
    async with icu.region.clone.app.session(icu.desk) as session:
        await qualifications.revoke(session, icu.clock, icu.desk, held, "证书到期未复训")
    with pytest.raises(PlanUnsound):
        await icu.publish(plan_id)
    async with icu.region.clone.system.session(SEEDER) as session:
        kept = await session.execute(
            text("SELECT revoke_reason, revoked_by FROM person_qualification WHERE id = :id"),
            {"id": held},
        )
        assert tuple(kept.one()) == ("证书到期未复训", icu.desk.person_id)
    with pytest.raises(NotFound):
        async with icu.region.clone.app.session(icu.desk) as session:
            await qualifications.revoke(session, icu.clock, icu.desk, held, "再次")
