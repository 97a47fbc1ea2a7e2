"""Swaps and substitutes: both consents, then the approval, then the roster."""

from datetime import timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from duty.changes import rulebook, service
from duty.changes.errors import (
    ChangeOpen,
    ChangeTaken,
    ChangeTooLate,
    NothingToSwap,
    PersonGone,
    ShiftMoved,
)
from duty.rosters import service as rosters
from duty.rosters.errors import PersonBusy, PersonOnLeave, TitleTooLow
from kernel.clock import SimulatedClock
from kernel.errors import IllegalTransition, NotAllowed, NotFound, VersionStale
from kernel.viewer import Role
from tests.duty.changes.ward import DAY, FIRST, THIRD, Ward, account, heard
from tests.duty.region import SEEDER

HOUR = timedelta(hours=1)


async def test_a_swap_needs_both_and_then_the_approver(ward: Ward) -> None:
    change = await ward.ask()
    assert await ward.holder(ward.monday) == ward.ann.person_id
    await ward.accept(change)
    assert await ward.state(change) == "agreed"
    assert await ward.holder(ward.monday) == ward.ann.person_id
    await ward.approve(change)
    assert await ward.state(change) == "applied"
    assert await ward.holder(ward.monday) == ward.bea.person_id
    assert await ward.holder(ward.tuesday) == ward.ann.person_id
    async with ward.region.clone.system.session(SEEDER) as session:
        said = await session.execute(
            text("SELECT action, side FROM change_event WHERE request_id = :id ORDER BY rev"),
            {"id": change},
        )
        assert [tuple(row) for row in said] == [
            ("request", "requester"),
            ("accept", "colleague"),
            ("approve", "approver"),
        ]


async def test_nobody_approves_their_own_and_no_expert_approves(ward: Ward) -> None:
    change = await ward.ask()
    await ward.accept(change)
    with pytest.raises(NotAllowed) as refused:
        await ward.approve(change, ward.bea)
    assert refused.value.fields["reason"] == "approver_role_needed"
    own = await ward.region.staff(ward.region.centre, Role.COORDINATOR)
    tuesday = await ward.region.shift(THIRD, own, ward.monday + 2 * DAY)
    second = await ward.ask(who=own, shift_id=tuesday, asked=[(ward.bea.person_id, ward.beas)])
    await ward.accept(second)
    with pytest.raises(NotAllowed) as refused:
        await ward.approve(second, own)
    assert refused.value.fields["reason"] == "own_change"


async def test_a_region_may_approve_beforehand(ward: Ward) -> None:
    rule = rulebook.shipped()
    async with ward.region.clone.system.session(SEEDER) as session:
        await rulebook.install(
            session,
            replace(rule, preauthorised=["substitute"]),
            facility_id=ward.region.centre,
        )
    change = await ward.ask("substitute")
    await ward.accept(change)
    assert await ward.state(change) == "applied"
    assert await ward.holder(ward.monday) == ward.bea.person_id
    swap = await ward.ask(
        who=ward.bea, shift_id=ward.beas, asked=[(ward.ann.person_id, None)], kind="substitute"
    )
    await ward.accept(swap, ward.ann)
    assert await ward.holder(ward.tuesday) == ward.ann.person_id


async def test_a_substitute_for_part_of_a_shift_leaves_the_rest(ward: Ward) -> None:
    noon = ward.monday + 4 * HOUR
    change = await ward.ask("substitute", period=(noon, noon + 2 * HOUR))
    await ward.accept(change)
    await ward.approve(change)
    found = [await ward.holder(noon + step * HOUR) for step in (-1, 0, 1, 2)]
    ann, bea = ward.ann.person_id, ward.bea.person_id
    assert found == [ann, bea, bea, ann]


async def test_the_desk_finds_a_substitute_for_somebody_on_leave(ward: Ward) -> None:
    desk = await ward.region.staff(ward.region.centre, Role.DUTY_DESK)
    foreign = await ward.region.staff(ward.region.county, Role.DUTY_DESK)
    with pytest.raises(NotAllowed):
        await ward.ask("substitute", foreign, reason="leave")
    with pytest.raises(NotAllowed):
        await ward.ask("swap", desk)
    change = await ward.ask("substitute", desk, reason="leave")
    await ward.accept(change)
    await ward.approve(change)
    assert await ward.holder(ward.monday) == ward.bea.person_id


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ("nobody", "nobody"),
        ("herself", "same_person"),
        ("nothing", "nothing_in_return"),
        ("own shift", "not_theirs"),
    ],
)
async def test_a_swap_with_nothing_to_swap_is_refused(ward: Ward, asked: str, reason: str) -> None:
    later = await ward.region.shift(THIRD, ward.ann, ward.monday + 2 * DAY)
    choices = {
        "nobody": [],
        "herself": [(ward.ann.person_id, later)],
        "nothing": [(ward.bea.person_id, None)],
        "own shift": [(ward.bea.person_id, later)],
    }
    with pytest.raises(NothingToSwap) as refused:
        await ward.ask(asked=choices[asked])
    assert refused.value.fields["reason"] == reason


async def test_one_request_at_a_time_about_a_shift_and_none_too_late(ward: Ward) -> None:
    first = await ward.ask()
    with pytest.raises(ChangeOpen):
        await ward.ask("substitute")
    await ward.withdraw(first, rev=1)
    assert await ward.state(first) == "withdrawn"
    await ward.ask("substitute")
    near = await ward.region.staff(ward.region.centre, Role.EXPERT)
    async with ward.region.clone.system.session(SEEDER) as session:
        shift = await rosters.put_shift(
            session,
            ward.region.clock,
            SEEDER,
            slot_id=ward.region.slots[THIRD],
            person_id=near.person_id,
            start=ward.region.clock.now() + HOUR,
            end=ward.region.clock.now() + 2 * HOUR,
        )
    with pytest.raises(ChangeTooLate):
        await ward.ask("substitute", near, shift_id=shift)


async def test_several_are_asked_and_the_first_has_it(ward: Ward) -> None:
    cleo = await ward.region.staff(ward.region.centre, Role.EXPERT)
    asked = [(ward.bea.person_id, None), (cleo.person_id, None)]
    change = await ward.ask("substitute", asked=asked)
    await ward.accept(change, cleo, no=2)
    with pytest.raises(ChangeTaken):
        await ward.accept(change, ward.bea, rev=2)
    await ward.approve(change)
    assert await ward.holder(ward.monday) == cleo.person_id


async def test_it_is_refused_when_the_last_one_asked_says_no(ward: Ward) -> None:
    cleo = await ward.region.staff(ward.region.centre, Role.EXPERT)
    asked = [(ward.bea.person_id, None), (cleo.person_id, None)]
    change = await ward.ask("substitute", asked=asked)
    for rev, who, state in ((1, ward.bea, "proposed"), (2, cleo, "refused")):
        async with ward.region.clone.app.session(who) as session:
            await service.refuse(session, ward.region.clock, who, change, rev=rev)
        assert await ward.state(change) == state
    with pytest.raises(IllegalTransition):
        await ward.accept(change, rev=3)


async def test_an_old_page_decides_nothing(ward: Ward) -> None:
    change = await ward.ask()
    await ward.accept(change)
    with pytest.raises(VersionStale):
        await ward.approve(change, rev=1)
    with pytest.raises(NotAllowed):
        await ward.accept(change, ward.ann)
    stranger = await ward.region.staff(ward.region.centre, Role.EXPERT)
    with pytest.raises(NotFound):
        await ward.withdraw(change, stranger)
    await ward.withdraw(change, ward.bea)
    with pytest.raises(IllegalTransition):
        await ward.approve(change, rev=3)


async def test_everything_is_checked_again_at_approval(ward: Ward) -> None:
    region = ward.region
    change = await ward.ask()
    await ward.accept(change)
    # Meanwhile bea was put on another place for part of ann's day, and each needs her whole.
    await exclusive(ward)
    await region.shift(FIRST, ward.bea, ward.monday, hours=2)
    with pytest.raises(PersonBusy):
        await ward.approve(change)
    assert await ward.holder(ward.monday) == ward.ann.person_id
    assert await ward.state(change) == "agreed"
    async with region.clone.app.session(ward.coordinator) as session:
        await service.reject(
            session, region.clock, ward.coordinator, change, rev=2, note="当日已有排班"
        )
    assert await ward.state(change) == "rejected"


async def exclusive(ward: Ward) -> None:
    """The third line may not be held beside another place any more."""
    async with ward.region.clone.owner.session(SEEDER) as session:
        await session.execute(text("UPDATE slot SET exclusive = true"))


async def test_a_place_that_may_be_held_beside_another_one_can_be_swapped(ward: Ward) -> None:
    change = await ward.ask()
    await ward.accept(change)
    await ward.region.shift(FIRST, ward.bea, ward.monday, hours=2)
    await ward.approve(change)
    assert await ward.holder(ward.monday) == ward.bea.person_id


async def test_leave_is_asked_for_again(ward: Ward) -> None:
    change = await ward.ask()
    await ward.accept(change)
    async with ward.region.clone.system.session(SEEDER) as session:
        await session.execute(
            text(
                "INSERT INTO roster_leave (id, person_id, facility_id, during, kind, recorded_at)"
                " VALUES (gen_random_uuid(), :bea, :house, tstzrange(:start, :end), 'sick', now())"
            ),
            {
                "bea": ward.bea.person_id,
                "house": ward.region.centre,
                "start": ward.monday,
                "end": ward.tuesday,
            },
        )
    with pytest.raises(PersonOnLeave):
        await ward.approve(change)
    assert await ward.holder(ward.monday) == ward.ann.person_id


async def test_medical_affairs_approves_what_it_is_no_part_of(ward: Ward) -> None:
    office = await ward.region.staff(ward.region.centre, Role.MEDICAL_AFFAIRS)
    elsewhere = await ward.region.staff(ward.region.county, Role.MEDICAL_AFFAIRS)
    change = await ward.ask()
    await ward.accept(change)
    with pytest.raises(NotFound):
        await ward.approve(change, elsewhere)
    await ward.approve(change, office)
    async with ward.region.clone.system.session(SEEDER) as session:
        origins = await session.execute(
            text("SELECT DISTINCT origin FROM shift WHERE person_id = :p AND status = 'active'"),
            {"p": ward.ann.person_id},
        )
        assert [row.origin for row in origins] == ["swap"]


async def test_titles_are_checked_again_and_so_is_the_shift(ward: Ward) -> None:
    region = ward.region
    change = await ward.ask("substitute")
    await ward.accept(change)
    async with region.clone.owner.session(SEEDER) as session:
        await session.execute(
            text("UPDATE slot SET min_title = '主任医师' WHERE id = :id"),
            {"id": region.slots[THIRD]},
        )
    with pytest.raises(TitleTooLow):
        await ward.approve(change)
    async with region.clone.owner.session(SEEDER) as session:
        await session.execute(text("UPDATE slot SET min_title = NULL"))
    async with region.clone.system.session(SEEDER) as session:
        await rosters.cover(
            session,
            region.clock,
            SEEDER,
            slot_id=region.slots[THIRD],
            person_id=ward.coordinator.person_id,
            start=ward.monday,
            end=ward.monday + HOUR,
        )
    with pytest.raises(ShiftMoved):
        await ward.approve(change)


async def test_a_swap_whose_person_left_is_not_approved_but_can_be_ended(ward: Ward) -> None:
    region = ward.region
    change = await ward.ask()
    await ward.accept(change)
    async with region.clone.system.session(SEEDER) as session:
        await session.execute(
            text(
                "INSERT INTO account (id, person_id, login, password_hash, created_at, disabled_at)"
                " VALUES (:id, :person, 'left', 'x', now(), now())"
            ),
            {"id": ward.bea.account_id, "person": ward.bea.person_id},
        )
    with pytest.raises(PersonGone):
        await ward.approve(change)
    with pytest.raises(NotAllowed):
        async with region.clone.app.session(ward.ann) as session:
            await service.end(session, region.clock, ward.ann, change, rev=2, note="她走了")
    async with region.clone.app.session(ward.coordinator) as session:
        await service.end(session, region.clock, ward.coordinator, change, rev=2, note="已离职")
    assert await ward.state(change) == "ended"
    await ward.ask("substitute", asked=[(ward.coordinator.person_id, None)])


async def test_time_runs_out(ward: Ward) -> None:
    change = await ward.ask()
    async with ward.region.clone.system.session(SEEDER) as session:
        await service.expire(session, ward.region.clock, change)
    assert await ward.state(change) == "proposed"
    async with ward.region.clone.system.session(SEEDER) as session:
        await service.expire(session, SimulatedClock(ward.monday - HOUR), change)
    assert await ward.state(change) == "expired"


async def test_each_hears_of_what_concerns_them(ward: Ward) -> None:
    region = ward.region
    await account(region, ward.coordinator)
    change = await ward.ask()
    assert await heard(region, "duty.change_requested") == {ward.bea.person_id}
    await ward.accept(change)
    parties = {ward.ann.person_id, ward.bea.person_id}
    assert await heard(region, "duty.change_agreed") == parties | {ward.coordinator.person_id}
    await ward.approve(change)
    assert await heard(region, "duty.change_applied") == parties
