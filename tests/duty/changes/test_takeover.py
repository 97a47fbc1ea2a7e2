"""Taking over now: effective at once, the past stays, pages follow, the approval comes after."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from duty.changes import service, takeover
from duty.changes.errors import NothingToSwap, NotOnDutyNow, ShiftMoved
from duty.changes.timers import run_due
from duty.escalation import service as pages
from duty.escalation.standing_in import StandIn, ring_instead
from duty.rosters import repository as rosters
from duty.rosters.errors import TitleTooLow
from duty.rosters.replacing import LOOK_AGAIN, TAKEN_OVER
from kernel.errors import IllegalTransition, NotAllowed
from kernel.ids import ChangeId, ShiftId
from kernel.outbox import OutboxMessage
from kernel.viewer import Role, Viewer
from tests.duty.changes.ward import DESK, FIRST, LEAD, Ward, account, heard
from tests.duty.region import EVENT, LEVEL, SEEDER, Region

HOUR = timedelta(hours=1)


async def running(region: Region) -> ShiftId:
    """The first line's shift of now."""
    async with region.clone.app.session(region.doctor) as session:
        roster = await rosters.roster(session, region.centre, region.clock.now())
        shift = next(one.shift for one in roster if one.slot.tier == FIRST)
        assert shift is not None
        return shift.id


async def take_over(region: Region, who: Viewer, shift_id: ShiftId | None = None) -> ChangeId:
    wanted = shift_id or await running(region)
    async with region.clone.app.session(who) as session:
        return await takeover.take_over(
            session, region.clock, who, shift_id=wanted, reason="illness"
        )


async def queued(region: Region) -> list[OutboxMessage]:
    """What the relay will carry to the pages."""
    async with region.clone.system.session(SEEDER) as session:
        rows = await session.execute(
            text(
                "SELECT id, topic, payload, attempts, created_at FROM outbox WHERE topic = :topic"
                " ORDER BY available_at"
            ),
            {"topic": TAKEN_OVER},
        )
        return [OutboxMessage(*row) for row in rows]


def stand_in(message: OutboxMessage) -> StandIn:
    return StandIn(**{name: UUID(value) for name, value in message.payload.items()})  # type: ignore[arg-type]


async def targets(region: Region) -> list[tuple[object, str]]:
    async with region.clone.system.session(SEEDER) as session:
        rows = await session.execute(text("SELECT person_id, state FROM page_target"))
        return [(row.person_id, row.state) for row in rows]


async def holder(ward: Ward, at: datetime) -> object:
    return await ward.holder(at, FIRST)


async def test_it_holds_from_now_and_the_past_keeps_who_was_there(ward: Ward) -> None:
    ill = ward.region.experts[FIRST].person_id
    before = ward.region.clock.now()
    change = await take_over(ward.region, ward.ann)
    after = ward.region.clock.now()
    assert await holder(ward, before) == ill
    assert await holder(ward, after) == ward.ann.person_id
    assert await holder(ward, after + 20 * HOUR) == ward.ann.person_id
    assert await ward.state(change) == "in_force"


async def test_it_is_approved_or_not_afterwards_and_not_by_its_people(ward: Ward) -> None:
    region = ward.region
    change = await take_over(region, ward.ann)
    both = await region.staff(region.centre, Role.EXPERT, Role.COORDINATOR)
    with pytest.raises(NotAllowed):
        await ward.approve(change, ward.ann, rev=1)
    with pytest.raises(IllegalTransition):
        await ward.withdraw(change, rev=1)
    await ward.approve(change, both, rev=1)
    assert await ward.state(change) == "ratified"
    assert await holder(ward, region.clock.now()) == ward.ann.person_id
    second = await take_over(region, both)
    async with region.clone.app.session(ward.coordinator) as session:
        await service.reject(
            session, region.clock, ward.coordinator, second, rev=1, note="应先报告科主任"
        )
    assert await ward.state(second) == "disapproved"
    assert await holder(ward, region.clock.now()) == both.person_id


async def test_what_cannot_be_taken_over(ward: Ward) -> None:
    region = ward.region
    with pytest.raises(NotOnDutyNow):
        await take_over(region, ward.ann, ward.beas)
    with pytest.raises(NothingToSwap):
        await take_over(region, region.experts[FIRST])
    foreign = await region.staff(region.county, Role.EXPERT)
    with pytest.raises(NotAllowed):
        await take_over(region, foreign)
    async with region.clone.owner.session(SEEDER) as session:
        await session.execute(text("UPDATE slot SET min_title = '主任医师'"))
    with pytest.raises(TitleTooLow):
        await take_over(region, ward.ann)
    async with region.clone.owner.session(SEEDER) as session:
        await session.execute(text("UPDATE slot SET min_title = NULL"))
    old = await running(region)
    await take_over(region, ward.ann)
    with pytest.raises(NotOnDutyNow):
        await take_over(region, ward.bea, old)


async def test_two_take_over_at_once_one_does(ward: Ward) -> None:
    shift = await running(ward.region)
    results = await asyncio.gather(
        *(take_over(ward.region, who, shift) for who in (ward.ann, ward.bea)),
        return_exceptions=True,
    )
    lost = [one for one in results if isinstance(one, BaseException)]
    assert len(lost) == 1
    assert isinstance(lost[0], ShiftMoved | NotOnDutyNow)


async def test_a_page_that_rings_the_one_replaced_rings_the_new_one_too(ward: Ward) -> None:
    region = ward.region
    await region.policy(0, 600)
    await region.page()
    await take_over(region, ward.ann)
    messages = await queued(region)
    assert len(messages) == len(LOOK_AGAIN)
    assert await ring_instead(region.clone.system, region.clock, stand_in(messages[0])) == 1
    people = {person for person, _ in await targets(region)}
    assert people == {region.experts[FIRST].person_id, ward.ann.person_id}
    for message in messages:
        assert await ring_instead(region.clone.system, region.clock, stand_in(message)) == 0
    async with region.clone.app.session(ward.ann) as session:
        kinds = await session.execute(
            text("SELECT kind FROM case_event WHERE kind = 'page.taken_over'")
        )
        assert len(kinds.all()) == 1, "the new one sees the case, and its history says why"


async def test_an_answered_page_rings_nobody_more(ward: Ward) -> None:
    region = ward.region
    await region.policy(0, 600)
    page = await region.page()
    await take_over(region, ward.ann)
    first, *_ = await queued(region)
    async with region.clone.app.session(region.experts[FIRST]) as session:
        await pages.acknowledge(session, region.clock, region.experts[FIRST], page)
    assert await ring_instead(region.clone.system, region.clock, stand_in(first)) == 0


async def test_a_page_that_read_the_roster_just_before_is_found_by_a_later_look(
    ward: Ward,
) -> None:
    region = ward.region
    await region.policy(0, 600)
    case = await region.open_case()
    async with region.clone.app.session(region.doctor) as session:
        await pages.page(
            session,
            region.clock,
            region.doctor,
            case_id=case,
            facility_id=region.centre,
            event=EVENT,
            level=LEVEL,
            req_key="late",
        )
        await take_over(region, ward.ann)
        first, later, _ = await queued(region)
        # The page is not committed yet: nobody can see it.
        assert await ring_instead(region.clone.system, region.clock, stand_in(first)) == 0
    assert await ring_instead(region.clone.system, region.clock, stand_in(later)) == 1


async def test_colleagues_and_approvers_hear_of_it_and_are_reminded(ward: Ward) -> None:
    region = ward.region
    await account(region, ward.coordinator)
    change = await take_over(region, ward.ann)
    assert await heard(region, "duty.change_taken_over") == {
        *(region.experts[tier].person_id for tier in region.experts),
        ward.coordinator.person_id,
    }
    assert await run_due(region.clone.system, region.clock) is False
    async with region.clone.owner.session(SEEDER) as session:
        await session.execute(text("ALTER TABLE change_request NO FORCE ROW LEVEL SECURITY"))
        await session.execute(text("UPDATE change_request SET remind_at = now()"))
    for _ in range(2):
        await run_due(region.clone.system, region.clock)
    heads = {region.experts[tier].person_id for tier in (LEAD, DESK)}
    assert await heard(region, "duty.change_unapproved") == heads | {ward.coordinator.person_id}
    async with region.clone.owner.session(SEEDER) as session:
        await session.execute(text("UPDATE change_request SET approve_by = now()"))
    await run_due(region.clone.system, region.clock)
    assert await heard(region, "duty.change_overdue") == heads | {ward.coordinator.person_id}
    await ward.approve(change, rev=1)
    assert ward.ann.person_id in await heard(region, "duty.change_ratified")
