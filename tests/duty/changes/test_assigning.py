"""The desk puts somebody on a place: at once, with a reason, approved afterwards."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from duty.changes import assigning, queries
from duty.escalation.standing_in import ring_instead
from duty.rosters import leave
from duty.rosters.errors import ShiftInThePast, ShiftOverlaps
from duty.rosters.oncall import DutyTier
from kernel.errors import NotAllowed, NotFound
from kernel.ids import ChangeId, ShiftId, SlotId, new_id
from kernel.viewer import Role, Viewer
from tests.duty.changes.test_takeover import queued, stand_in, targets
from tests.duty.changes.ward import FIRST, LEAD, THIRD, Ward, account, heard
from tests.duty.region import SEEDER

HOUR = timedelta(hours=1)


@pytest.fixture
async def desk(ward: Ward) -> Viewer:
    return await ward.region.staff(ward.region.centre, Role.DUTY_DESK)


async def assign(
    ward: Ward,
    desk: Viewer,
    who: Viewer,
    tier: DutyTier = FIRST,
    hours: tuple[float, float] = (0, 12),
    *,
    instead: bool = True,
    slot_id: SlotId | None = None,
) -> tuple[ChangeId, ShiftId]:
    region = ward.region
    now = region.clock.now()
    async with region.clone.app.session(desk) as session:
        return await assigning.assign(
            session,
            region.clock,
            desk,
            slot_id=slot_id or region.slots[tier],
            person_id=who.person_id,
            start=now + hours[0] * HOUR,
            end=now + hours[1] * HOUR,
            reason="in_surgery",
            note="二线手术未结束",
            instead=instead,
        )


async def test_it_holds_at_once_and_says_who_why_and_who_approved(ward: Ward, desk: Viewer) -> None:
    region = ward.region
    busy = region.experts[FIRST]
    before = region.clock.now()
    change, _ = await assign(ward, desk, ward.ann)
    assert await ward.holder(before, FIRST) == busy.person_id
    assert await ward.holder(region.clock.now(), FIRST) == ward.ann.person_id
    assert await ward.holder(before + 13 * HOUR, FIRST) == busy.person_id
    assert await ward.state(change) == "in_force"
    for who in (desk, ward.ann):
        with pytest.raises(NotAllowed):
            await ward.approve(change, who, rev=1)
    office = await region.staff(region.centre, Role.MEDICAL_AFFAIRS)
    await ward.approve(change, office, rev=1)
    async with region.clone.app.session(busy) as session:
        told = await queries.one(session, region.clock, busy, change)
    assert (told.kind, told.state, told.reason) == ("assignment", "ratified", "in_surgery")
    assert told.note == "二线手术未结束"
    assert told.decided_by is not None
    names = (told.requested_by.id, told.holder.id, told.options[0].person.id, told.decided_by.id)
    assert names == tuple(w.person_id for w in (desk, busy, ward.ann, office))
    assert [(one.action, one.state) for one in told.events] == [
        ("assign", "in_force"),
        ("approve", "ratified"),
    ]


async def test_nobody_approves_what_they_assigned(ward: Ward) -> None:
    both = await ward.region.staff(ward.region.centre, Role.DUTY_DESK, Role.MEDICAL_AFFAIRS)
    change, _ = await assign(ward, both, ward.ann)
    with pytest.raises(NotAllowed):
        await ward.approve(change, both, rev=1)
    await ward.approve(change, rev=1)


async def test_a_gap_is_filled_even_by_the_desk_itself(ward: Ward, desk: Viewer) -> None:
    change, shift = await assign(ward, desk, desk, THIRD, (1, 5), instead=False)
    now = ward.region.clock.now()
    assert await ward.holder(now + 2 * HOUR) == desk.person_id
    async with ward.region.clone.app.session(ward.coordinator) as session:
        told = await queries.one(session, ward.region.clock, ward.coordinator, change)
    assert told.shift.shift_id == shift
    assert told.holder.id == told.options[0].person.id == desk.person_id
    assert {"approve", "reject"} <= set(told.actions)


async def test_what_cannot_be_leaves_no_trace(ward: Ward, desk: Viewer) -> None:
    foreign = await ward.region.staff(ward.region.county, Role.DUTY_DESK)
    with pytest.raises(ShiftOverlaps):
        await assign(ward, desk, ward.ann, hours=(1, 5), instead=False)
    with pytest.raises(ShiftInThePast):
        await assign(ward, desk, ward.ann, hours=(-5, -1))
    for who in (foreign, ward.ann):
        with pytest.raises(NotAllowed):
            await assign(ward, who, ward.ann)
    with pytest.raises(NotFound):
        await assign(ward, desk, ward.ann, slot_id=SlotId(new_id()))
    async with ward.region.clone.system.session(SEEDER) as session:
        found = await session.execute(text("SELECT count(*) FROM change_request"))
        assert found.scalar_one() == 0


async def test_pages_of_whoever_was_replaced_ring_the_new_one_too(ward: Ward, desk: Viewer) -> None:
    region = ward.region
    await region.policy(0, 600)
    await region.page()
    await assign(ward, desk, ward.ann)
    now_and_later = await queued(region)
    assert len(now_and_later) == 3
    first = stand_in(now_and_later[0])
    assert first.instead_of == region.experts[FIRST].person_id
    assert await ring_instead(region.clone.system, region.clock, first) == 1
    assert {person for person, _ in await targets(region)} == {
        region.experts[FIRST].person_id,
        ward.ann.person_id,
    }


async def test_a_period_to_come_rings_nobody_now(ward: Ward, desk: Viewer) -> None:
    await assign(ward, desk, ward.ann, hours=(2, 4))
    assert await queued(ward.region) == []


async def test_those_whom_it_concerns_hear_of_it(ward: Ward, desk: Viewer) -> None:
    await account(ward.region, ward.coordinator)
    await assign(ward, desk, ward.ann)
    told = await heard(ward.region, "duty.change_assigned")
    wanted = (ward.ann, ward.region.experts[FIRST], ward.region.experts[LEAD], ward.coordinator)
    assert {one.person_id for one in wanted} <= told
    assert desk.person_id not in told


async def test_a_substitute_for_sudden_leave_is_rung_by_running_pages_too(ward: Ward) -> None:
    region = ward.region
    ill, now = region.experts[FIRST], region.clock.now()
    await region.policy(0, 600)
    await region.page()
    async with region.clone.system.session(SEEDER) as session:
        await leave.record(
            session,
            region.clock,
            SEEDER,
            person_id=ill.person_id,
            period=(now, now + 12 * HOUR),
            kind="sick",
            substitute_id=ward.ann.person_id,
            hand_over=True,
        )
    first, *_ = await queued(region)
    assert await ring_instead(region.clone.system, region.clock, stand_in(first)) == 1
    assert {person for person, _ in await targets(region)} == {ill.person_id, ward.ann.person_id}
