"""A house writes its own ladder, sees what counts, and tries it without ringing anybody."""

import dataclasses
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text

from duty.escalation.errors import PolicyBelowFloor
from duty.escalation.policybook import queries, service
from duty.escalation.policybook.schemas import NewPolicy, PolicyNeed, PolicyStep
from duty.rosters.oncall import DutyTier
from kernel.errors import NotAllowed, NotFound
from kernel.ids import FacilityId, new_id
from kernel.viewer import Role, Viewer
from tests.duty.region import EVENT, Region

FIRST, SECOND, LEAD, DESK = (
    DutyTier.FIRST,
    DutyTier.SECOND,
    DutyTier.LEAD,
    DutyTier.GENERAL_DUTY,
)
ORDER = NewPolicy(
    event=EVENT,
    level="critical",
    mode="first",
    steps=[
        PolicyStep(0, ["first"], ["obstetrics"]),
        PolicyStep(90, ["third"], ["obstetrics"]),
        PolicyStep(45, ["second"], ["obstetrics"]),
        PolicyStep(120, ["first"], ["obstetrics"], "upper"),
    ],
    repeat_s=60,
    join_within_s=120,
    source="本院急救呼叫规定（2026 版）",
    confidence="本院规定",
)


async def write(region: Region, who: Viewer, order: NewPolicy = ORDER) -> UUID:
    async with region.clone.app.session(who) as session:
        return await service.write(session, who, order)


async def test_a_coordinator_writes_for_the_own_house_and_it_counts(region: Region) -> None:
    coordinator = await region.staff(region.centre, Role.COORDINATOR)
    first = await write(region, coordinator)
    second = await write(region, coordinator, msgspec.structs.replace(ORDER, repeat_s=90))
    third = await write(region, coordinator)
    async with region.clone.app.session(region.doctor) as session:
        book = await queries.book(session, region.doctor, region.centre)
        told = await queries.history(session, second)
    assert book.may_write is False
    top = book.policies[0]
    assert (top.id, top.owner, top.owner_name) == (third, "facility", "云江市妇幼")
    assert top.recorded_by is not None
    assert (top.recorded_by.id, top.supersedes_id) == (coordinator.person_id, second)
    assert [one.id for one in told] == [third, second, first]
    assert [one.in_force for one in told] == [True, False, False]
    assert {one.owner for one in book.policies[1:]} == {"platform"}
    assert {one.confidence for one in book.policies[1:]} == {"待核实"}
    page_id = await region.page()
    async with region.clone.system.session(Viewer.system("test")) as session:
        kept = await session.execute(
            text("SELECT policy_id FROM page WHERE id = :id"), {"id": page_id}
        )
        assert kept.scalar_one() == third


async def test_medical_affairs_writes_for_the_house_where_they_work(region: Region) -> None:
    office = await region.staff(region.centre, Role.MEDICAL_AFFAIRS)
    treats_nobody = dataclasses.replace(office, facility_ids=frozenset())
    policy_id = await write(region, treats_nobody)
    async with region.clone.app.session(treats_nobody) as session:
        book = await queries.book(session, treats_nobody, region.centre)
    assert (book.may_write, book.policies[0].id) == (True, policy_id)


async def test_only_who_answers_for_the_house_writes(region: Region) -> None:
    for who in (region.doctor, region.experts[FIRST]):
        with pytest.raises(NotAllowed):
            await write(region, who)
    # The second net: another house's ladder is refused by the database itself.
    coordinator = await region.staff(region.county, Role.COORDINATOR)
    with pytest.raises(Exception, match="row-level security"):
        async with region.clone.app.session(coordinator) as session:
            await session.execute(
                text(
                    "INSERT INTO policy_version (id, facility_id, event, level, repeat_s, steps,"
                    "  source, confidence, digest, recorded_by)"
                    " VALUES (:id, :f, 'x', '*', 60, '[{}]', 's', 'c', 'd', :p)"
                ),
                {"id": new_id(), "f": region.centre, "p": coordinator.person_id},
            )


async def test_a_ladder_below_the_floor_is_refused_with_the_step(region: Region) -> None:
    coordinator = await region.staff(region.centre, Role.COORDINATOR)
    late = msgspec.structs.replace(ORDER, steps=[PolicyStep(61, ["first"], ["obstetrics"])])
    with pytest.raises(PolicyBelowFloor) as refused:
        await write(region, coordinator, late)
    assert refused.value.fields["reason"] == "first_step_late"
    assert refused.value.fields["step"] == 1


async def test_trying_says_who_rings_at_which_second(region: Region) -> None:
    coordinator = await region.staff(region.centre, Role.COORDINATOR)
    policy_id = await write(region, coordinator)
    async with region.clone.app.session(region.doctor) as session:
        tried = await queries.rehearsal(
            session,
            region.centre,
            event=EVENT,
            level="critical",
            colour="red",
            condition="pph",
            at=region.clock.now(),
        )
        count = await session.execute(text("SELECT count(*) FROM page"))
        assert count.scalar_one() == 0
    assert tried.policy.id == policy_id
    shown = [
        (one.number, one.after_s, one.loop, one.at, {p.person.id for p in one.people})
        for one in tried.steps
    ]
    people = {tier: who.person_id for tier, who in region.experts.items()}
    assert shown == [
        (0, 0, False, "own", {people[FIRST]}),
        (1, 90, False, "own", set()),
        (2, 90, False, "own", {people[SECOND]}),
        (3, 210, False, "upper", set()),
        (4, 210, True, "own", {people[LEAD], people[DESK]}),
    ]


async def test_trying_a_time_when_nobody_is_rostered_shows_it(region: Region) -> None:
    async with region.clone.app.session(region.doctor) as session:
        tried = await queries.rehearsal(
            session,
            region.centre,
            event="consult.mdt",
            level="critical",
            colour=None,
            condition=None,
            at=region.clock.now() + timedelta(days=300),
        )
    assert {len(one.people) for one in tried.steps} == {0}
    assert tried.steps[-1].loop


async def test_a_quorum_shows_which_specialties_nobody_has(region: Region) -> None:
    coordinator = await region.staff(region.centre, Role.COORDINATOR)
    quorum = [PolicyNeed("obstetrics", 1), PolicyNeed("icu", 1)]
    steps = [PolicyStep(0, ["first"], ["*"])]
    order = msgspec.structs.replace(ORDER, mode="quorum", quorum=quorum, steps=steps)
    await write(region, coordinator, order)
    async with region.clone.app.session(coordinator) as session:
        assert (await queries.book(session, coordinator, region.centre)).may_write
        tried = await queries.rehearsal(
            session,
            region.centre,
            event=EVENT,
            level="critical",
            colour=None,
            condition=None,
            at=region.clock.now(),
        )
    assert tried.steps[0].unfilled == ["icu"]


async def test_an_unknown_house_and_version_are_not_found(region: Region) -> None:
    async with region.clone.app.session(region.doctor) as session:
        with pytest.raises(NotFound):
            await queries.book(session, region.doctor, FacilityId(new_id()))
        with pytest.raises(NotFound):
            await queries.history(session, new_id())
