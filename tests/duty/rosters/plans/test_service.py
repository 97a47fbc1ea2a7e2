"""A plan from its first entry to the shifts it becomes."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from duty.rosters import leave, repository
from duty.rosters.errors import (
    OwnPlan,
    PlanChanged,
    PlanHasGaps,
    PlanUnsound,
    ShiftInThePast,
)
from duty.rosters.oncall import DutyTier
from duty.rosters.plans import repository as store
from duty.rosters.plans import service
from duty.rosters.plans.service import Changes, Moved
from duty.rosters.service import create_slot, put_shift
from kernel.errors import BadInput, IllegalTransition, NotAllowed, NotFound, VersionStale
from kernel.ids import PersonId
from kernel.viewer import Role
from registry.facilities.rules import CHINA
from tests.duty.region import SEEDER, Region
from tests.duty.rosters.ward import DAY, START, Ward, ward

HOUR = timedelta(hours=1)


@pytest.fixture
async def icu(region: Region) -> Ward:
    return await ward(region)


async def holders(icu: Ward, *days: float) -> list[PersonId | None]:
    """Who has the first line at these moments, counted in days from the start."""
    found = []
    async with icu.region.clone.app.session(icu.region.doctor) as session:
        for day in days:
            roster = await repository.roster(session, icu.region.centre, START + day * DAY)
            found.append(next(one.person_id for one in roster if one.slot.id == icu.first))
    return found


async def test_draft_submit_approve_publish_and_nobody_is_on_call_before(icu: Ward) -> None:
    plan_id = await icu.draft()
    one, two, _ = icu.people
    await icu.put(plan_id, (icu.first, one, 0, 2), (icu.first, two, 2, 3), (icu.third, one, 0, 3))
    await icu.submit(plan_id)
    await icu.approve(plan_id)
    assert await holders(icu, 0, 2) == [None, None]
    assert await icu.publish(plan_id) == 3
    a, b = one.person_id, two.person_id
    assert await holders(icu, -0.01, 0, 1.99, 2, 2.99, 3) == [None, a, a, b, b, None]
    async with icu.region.clone.app.session(icu.desk) as session:
        history = await store.events(session, plan_id)
    assert [event.action for event in history] == ["draft", "submit", "approve", "publish"]
    assert len({event.content_hash for event in history[1:]}) == 1


async def test_whoever_is_put_takes_their_time_from_who_was_there(icu: Ward) -> None:
    plan_id = await icu.draft()
    one, two, three = (who.person_id for who in icu.people)
    await icu.put(plan_id, (icu.first, icu.people[0], 0, 3), (icu.first, icu.people[1], 1, 2))
    async with icu.region.clone.app.session(icu.desk) as session:
        entries = await store.entries(session, plan_id)
        assert [entry.person_id for entry in entries] == [one, two, one]
        plan = await store.get(session, plan_id)
        assert plan is not None
        moves = [
            Moved(entries[1].id, person_id=three),
            Moved(entries[2].id, start=START + 1.5 * DAY),
        ]
        await service.edit(
            session,
            icu.desk,
            plan_id,
            plan.version,
            Changes(removed=[entries[0].id], moved=moves),
        )
        after = await store.entries(session, plan_id)
    assert [(entry.person_id, entry.period) for entry in after] == [
        (three, (START + DAY, START + 1.5 * DAY)),
        (one, (START + 1.5 * DAY, START + 3 * DAY)),
    ]


async def test_a_gap_of_a_required_place_blocks_publishing_only(icu: Ward) -> None:
    plan_id = await icu.draft()
    await icu.put(plan_id, (icu.first, icu.people[0], 0, 1.5), (icu.first, icu.people[1], 2, 3))
    await icu.submit(plan_id)
    await icu.approve(plan_id)
    with pytest.raises(PlanHasGaps) as refused:
        await icu.publish(plan_id)
    assert refused.value.fields == {
        "count": 1,
        "first": f"{(START + 1.5 * DAY).astimezone(CHINA):%Y-%m-%d %H:%M}",
    }
    assert await holders(icu, 0) == [None]


async def test_double_booking_is_refused_in_the_draft_and_when_it_is_approved(icu: Ward) -> None:
    one, two, _ = icu.people
    async with icu.region.clone.system.session(SEEDER) as session:
        second = await create_slot(
            session,
            SEEDER,
            facility_id=icu.region.centre,
            group_id=icu.group,
            specialty="icu",
            tier=DutyTier.SECOND,
            required=False,
        )
    plan_id = await icu.draft(days=1)
    await icu.put(plan_id, (icu.first, one, 0, 1), (second, one, 0.5, 1), (icu.third, one, 0, 1))
    with pytest.raises(PlanUnsound) as refused:
        await icu.submit(plan_id)
    assert refused.value.fields == {"kind": "clash", "count": 2}
    await icu.put(plan_id, (second, two, 0.5, 1))
    await icu.submit(plan_id)
    # By now somebody else has put the second one elsewhere.
    async with icu.region.clone.system.session(SEEDER) as session:
        await put_shift(
            session,
            icu.clock,
            SEEDER,
            slot_id=icu.region.slots[DutyTier.LEAD],
            person_id=two.person_id,
            start=START,
            end=START + DAY,
        )
    with pytest.raises(PlanUnsound):
        await icu.approve(plan_id)


async def test_medical_affairs_approves_what_it_read_and_neither_drafts_nor_its_own(
    icu: Ward,
) -> None:
    plan_id = await icu.draft(days=1)
    await icu.put(plan_id, (icu.first, icu.people[0], 0, 1))
    with pytest.raises(NotAllowed):
        async with icu.region.clone.app.session(icu.office) as session:
            await service.submit(session, icu.clock, icu.office, plan_id, 2)
    await icu.submit(plan_id)
    with pytest.raises(NotAllowed):
        await icu.approve(plan_id, icu.desk)
    async with icu.region.clone.app.session(icu.office) as session:
        with pytest.raises(PlanChanged):
            await service.approve(session, icu.clock, icu.office, plan_id, 3, b"\0" * 32)
        with pytest.raises(VersionStale):
            await service.approve(session, icu.clock, icu.office, plan_id, 2, b"\0" * 32)
    both = await icu.region.staff(icu.region.centre, Role.DUTY_DESK, Role.MEDICAL_AFFAIRS)
    async with icu.region.clone.app.session(both) as session:
        await service.send_back(session, icu.clock, both, plan_id, 3, "人员待定")
        await service.submit(session, icu.clock, both, plan_id, 4)
    with pytest.raises(OwnPlan):
        await icu.approve(plan_id, both)
    foreign = await icu.region.staff(icu.region.county, Role.MEDICAL_AFFAIRS)
    with pytest.raises(NotFound):
        await icu.approve(plan_id, foreign)


async def test_returned_with_a_reason_it_is_a_draft_again(icu: Ward) -> None:
    plan_id = await icu.draft(days=1)
    await icu.put(plan_id, (icu.first, icu.people[0], 0, 1))
    await icu.submit(plan_id)
    with pytest.raises(IllegalTransition):
        await icu.put(plan_id, (icu.first, icu.people[1], 0, 1))
    plan = await icu.plan(plan_id)
    async with icu.region.clone.app.session(icu.office) as session:
        await service.send_back(session, icu.clock, icu.office, plan_id, plan.version, "请补二线")
        (*_, last) = await store.events(session, plan_id)
    assert (last.action, last.reason, last.person_id) == (
        "return",
        "请补二线",
        icu.office.person_id,
    )
    await icu.put(plan_id, (icu.first, icu.people[1], 0, 1))
    assert await icu.through(plan_id) == 1


async def test_what_was_approved_cannot_be_changed_behind_the_approval(icu: Ward) -> None:
    plan_id = await icu.draft(days=1)
    await icu.put(plan_id, (icu.first, icu.people[0], 0, 1))
    await icu.submit(plan_id)
    for statement in (
        "UPDATE plan_entry SET person_id = :who",
        "DELETE FROM plan_entry",
    ):
        with pytest.raises(DBAPIError):
            async with icu.region.clone.owner.session(SEEDER) as session:
                await session.execute(text(statement), {"who": icu.people[1].person_id})


async def test_a_temporary_plan_replaces_everything_in_its_span(icu: Ward) -> None:
    one, two, three = (who.person_id for who in icu.people)
    ordinary = await icu.draft(days=10)
    await icu.put(ordinary, (icu.first, icu.people[0], 0, 5), (icu.first, icu.people[1], 5, 10))
    await icu.through(ordinary)
    again = await icu.draft(days=10)
    await icu.put(again, (icu.first, icu.people[2], 0, 10))
    with pytest.raises(PlanUnsound) as refused:
        await icu.submit(again)
    assert refused.value.fields["kind"] == "slot_taken"
    festival = await icu.draft(days=4, kind="temporary", begin=START + 3 * DAY)
    await icu.put(festival, (icu.first, icu.people[2], 0, 2), (icu.first, icu.people[0], 2, 4))
    assert await icu.through(festival) == 2
    found = await holders(icu, 2.99, 3, 4.99, 5, 6.99, 7, 9)
    assert found == [one, three, three, one, one, two, two]


async def test_publishing_never_touches_the_past(icu: Ward) -> None:
    one, _, three = (who.person_id for who in icu.people)
    plan_id = await icu.draft(days=4)
    await icu.put(plan_id, (icu.first, icu.people[0], 0, 4))
    await icu.through(plan_id)
    festival = await icu.draft(days=4, kind="temporary")
    await icu.put(festival, (icu.first, icu.people[2], 0, 4))
    await icu.submit(festival)
    await icu.approve(festival)
    icu.clock.advance(12 * DAY)
    await icu.publish(festival)
    assert await holders(icu, 0, 1.99, 2, 3) == [one, one, three, three]
    late = await icu.draft(days=3)
    await icu.put(late, (icu.third, icu.people[0], 0, 3))
    await icu.submit(late)
    await icu.approve(late)
    icu.clock.advance(DAY)
    with pytest.raises(ShiftInThePast):
        await icu.publish(late)
    with pytest.raises(ShiftInThePast):
        await icu.draft(days=3)


async def test_leave_title_and_qualification_stop_a_plan(icu: Ward) -> None:
    plan_id = await icu.draft(days=2)
    who = icu.people[0]
    await icu.put(plan_id, (icu.first, who, 0, 2))
    await icu.submit(plan_id)
    async with icu.region.clone.app.session(icu.desk) as session:
        await leave.record(
            session,
            icu.clock,
            icu.desk,
            person_id=who.person_id,
            period=(START + DAY, START + DAY + HOUR),
            kind="sick",
        )
    with pytest.raises(PlanUnsound) as refused:
        await icu.approve(plan_id)
    assert refused.value.fields == {"kind": "on_leave", "count": 1}


async def test_entries_stay_inside_their_plan_and_group(icu: Ward) -> None:
    plan_id = await icu.draft(days=1)
    with pytest.raises(BadInput):
        await icu.put(plan_id, (icu.first, icu.people[0], 0, 1.1))
    foreign = next(iter(icu.region.slots.values()))
    with pytest.raises(NotFound):
        await icu.put(plan_id, (foreign, icu.people[0], 0, 1))
    with pytest.raises(NotFound):
        await icu.put(plan_id, (icu.first, icu.people[0], 0, 1))
        async with icu.region.clone.app.session(icu.desk) as session:
            plan = await store.get(session, plan_id)
            assert plan is not None
            await service.edit(session, icu.desk, plan_id, plan.version, Changes(removed=[plan_id]))
