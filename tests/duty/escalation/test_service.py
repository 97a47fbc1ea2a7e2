"""A page stands or falls with the request, and everybody's reach is on record."""

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import text

from duty.escalation import queries, service
from duty.escalation.errors import NotATarget, PageOver
from duty.notify import inbox
from duty.rosters.oncall import DutyTier
from kernel import parties
from kernel.clock import SimulatedClock
from kernel.errors import NotFound
from kernel.ids import CaseId, PageId
from kernel.viewer import Role, Viewer
from tests.duty.region import EVENT, LEVEL, LONG_AGO, Region, build
from tests.fixtures.database import Clone

FIRST, SECOND, LEAD, DESK = (
    DutyTier.FIRST,
    DutyTier.SECOND,
    DutyTier.LEAD,
    DutyTier.GENERAL_DUTY,
)


async def items(region: Region, who: Viewer) -> list[inbox.Item]:
    async with region.clone.app.session(who) as session:
        return await inbox.after(session, who.person_id, 0)


async def kinds(region: Region, who: Viewer) -> list[str]:
    return [item.kind for item in await items(region, who)]


async def event_kinds(region: Region, case_id: CaseId) -> list[str]:
    async with region.clone.system.session(Viewer.system("test")) as session:
        rows = await session.execute(
            text("SELECT kind FROM case_event WHERE case_id = :c ORDER BY seq"), {"c": case_id}
        )
        return [row.kind for row in rows]


async def state_of(region: Region, page_id: PageId) -> str:
    async with region.clone.system.session(Viewer.system("test")) as session:
        return (
            await session.execute(
                text("SELECT state FROM escalation WHERE page_id = :p"), {"p": page_id}
            )
        ).scalar_one()


async def test_critical_page_rings_first_and_second_line_at_once(region: Region) -> None:
    case_id = await region.open_case()
    page_id = await region.page(case_id)
    for tier in (FIRST, SECOND):
        assert await kinds(region, region.experts[tier]) == ["page"]
    assert await kinds(region, region.experts[LEAD]) == []
    assert await event_kinds(region, case_id) == ["referral.requested", "page.sent"]
    async with region.clone.app.session(region.doctor) as session:
        page = await queries.page(session, page_id)
    assert {target.state for target in page.targets} == {"queued"}
    assert {target.person.id for target in page.targets} == {
        region.experts[tier].person_id for tier in (FIRST, SECOND)
    }
    assert page.state == "running"
    assert page.next_step_at is not None


async def test_a_page_vanishes_with_the_request_that_failed(region: Region) -> None:
    case_id = await region.open_case()
    with pytest.raises(RuntimeError):
        async with region.clone.app.session(region.doctor) as session:
            await service.page(
                session,
                region.clock,
                region.doctor,
                case_id=case_id,
                facility_id=region.centre,
                event=EVENT,
                level=LEVEL,
                req_key="k",
            )
            raise RuntimeError
    async with region.clone.system.session(Viewer.system("test")) as session:
        for table in ("page", "page_target", "page_message", "escalation", "inbox_item"):
            count = (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()
            assert count == 0, table
    assert await event_kinds(region, case_id) == ["referral.requested"]


async def test_the_same_key_pages_once(region: Region) -> None:
    case_id = await region.open_case()
    first = await region.page(case_id, key="one")
    assert await region.page(case_id, key="one") == first
    assert await kinds(region, region.experts[FIRST]) == ["page"]


async def test_an_expert_sees_the_case_from_the_page_on(region: Region) -> None:
    case_id = await region.open_case()
    expert = region.experts[FIRST]
    sees = text("SELECT app_sees_case(:c)")
    stranger = await region.staff(region.county, Role.EXPERT)
    lonely = Viewer(
        **{**{f: getattr(expert, f) for f in expert.__slots__}, "facility_ids": frozenset()}
    )
    async with region.clone.app.session(lonely) as session:
        assert (await session.execute(sees, {"c": case_id})).scalar_one() is False
    page_id = await region.page(case_id)
    async with region.clone.app.session(lonely) as session:
        assert (await session.execute(sees, {"c": case_id})).scalar_one() is True
    outsider = Viewer(
        **{**{f: getattr(stranger, f) for f in stranger.__slots__}, "facility_ids": frozenset()}
    )
    async with region.clone.app.session(outsider) as session:
        with pytest.raises(NotFound):
            await queries.page(session, page_id)
        with pytest.raises(NotFound):
            await service.acknowledge(session, region.clock, outsider, page_id)


async def test_receipts_move_forward_and_the_sender_sees_them(region: Region) -> None:
    page_id = await region.page()
    expert = region.experts[FIRST]
    for state, news in (("delivered", True), ("delivered", False), ("seen", True)):
        async with region.clone.app.session(expert) as session:
            told = await service.receipt(session, region.clock, expert, page_id, state)  # type: ignore[arg-type]
            assert told is news
    async with region.clone.app.session(expert) as session:
        assert await service.receipt(session, region.clock, expert, page_id, "delivered") is False
    assert await kinds(region, region.doctor) == ["page_update", "page_update"]
    async with region.clone.app.session(region.doctor) as session:
        page = await queries.page(session, page_id)
    mine = next(t for t in page.targets if t.person.id == expert.person_id)
    assert mine.state == "seen"
    assert mine.states.sent_at is not None
    assert mine.states.delivered_at is not None
    assert mine.channels[0].state == "delivered"


async def test_acknowledging_stops_the_page_and_tells_everybody(region: Region) -> None:
    case_id = await region.open_case()
    page_id = await region.page(case_id)
    winner, other = region.experts[FIRST], region.experts[SECOND]
    async with region.clone.app.session(winner) as session:
        await service.acknowledge(session, region.clock, winner, page_id)
    assert await state_of(region, page_id) == "acknowledged"
    assert (await event_kinds(region, case_id))[-1] == "page.acknowledged"
    assert await kinds(region, other) == ["page", "page_update"]
    assert await kinds(region, region.doctor) == ["page_update"]
    async with region.clone.app.session(other) as session:
        await service.acknowledge(session, region.clock, other, page_id)
        page = await queries.page(session, page_id)
    assert page.acknowledged_by is not None
    assert page.acknowledged_by.id == winner.person_id
    assert [target.state for target in page.targets] == ["acknowledged", "acknowledged"]
    assert (await event_kinds(region, case_id)).count("page.acknowledged") == 1


async def test_only_those_rung_may_answer(region: Region) -> None:
    page_id = await region.page()
    async with region.clone.app.session(region.doctor) as session:
        with pytest.raises(NotATarget):
            await service.acknowledge(session, region.clock, region.doctor, page_id)
    async with region.clone.app.session(region.doctor) as session:
        with pytest.raises(NotATarget):
            await service.receipt(session, region.clock, region.doctor, page_id, "seen")


async def test_accepting_for_the_facility_answers_its_page(region: Region) -> None:
    case_id = await region.open_case()
    page_id = await region.page(case_id)
    desk = await region.staff(region.centre, Role.DUTY_DESK)
    async with region.clone.system.session(Viewer.system("test")) as session:
        await parties.add_facility(session, case_id, region.centre, parties.PartyRole.RECEIVER)
    async with region.clone.app.session(desk) as session:
        await service.acknowledge_for(session, region.clock, desk, case_id, region.centre)
    assert await state_of(region, page_id) == "acknowledged"
    assert await kinds(region, region.experts[FIRST]) == ["page", "page_update"]


async def test_stopping_tells_the_rung_and_later_answers_are_refused(region: Region) -> None:
    case_id = await region.open_case()
    page_id = await region.page(case_id)
    expert = region.experts[FIRST]
    async with region.clone.app.session(region.doctor) as session:
        await service.stop(session, region.clock, case_id, None, "withdrawn")
    assert await state_of(region, page_id) == "cancelled"
    assert await kinds(region, expert) == ["page", "page_update"]
    async with region.clone.app.session(expert) as session:
        with pytest.raises(PageOver):
            await service.acknowledge(session, region.clock, expert, page_id)


async def test_when_all_decline_the_next_step_is_due_at_once(region: Region) -> None:
    case_id = await region.open_case()
    page_id = await region.page(case_id)
    due = text("SELECT next_due_at <= clock_timestamp() FROM escalation WHERE page_id = :p")
    for tier, overdue in ((FIRST, False), (SECOND, True)):
        expert = region.experts[tier]
        async with region.clone.app.session(expert) as session:
            await service.decline(
                session, region.clock, expert, page_id, reason="in_surgery", note="术中"
            )
        async with region.clone.app.session(expert) as session:
            assert (await session.execute(due, {"p": page_id})).scalar_one() is overdue
    assert (await event_kinds(region, case_id)).count("page.declined") == 2


async def test_an_empty_step_is_passed_at_once_and_reported(region: Region) -> None:
    await region.policy(0, 600, 600)
    async with region.clone.system.session(Viewer.system("test")) as session:
        await session.execute(
            text(
                "UPDATE shift SET status = 'superseded', superseded_at = clock_timestamp()"
                " WHERE slot_id = :s"
            ),
            {"s": region.slots[FIRST]},
        )
    page_id = await region.page()
    assert await kinds(region, region.experts[FIRST]) == []
    assert await kinds(region, region.experts[SECOND]) == ["page"]
    assert await kinds(region, region.experts[DESK]) == ["notice"]
    assert await kinds(region, region.doctor) == ["notice"]
    async with region.clone.app.session(region.doctor) as session:
        assert (await queries.page(session, page_id)).step == 1


async def test_nobody_on_call_at_all_is_never_silent(database: Clone) -> None:
    region = await build(database)
    async with database.system.session(Viewer.system("test")) as session:
        await session.execute(
            text("UPDATE shift SET status = 'superseded', superseded_at = clock_timestamp()")
        )
    case_id = await region.open_case()
    page_id = await region.page(case_id)
    assert await state_of(region, page_id) == "exhausted"
    assert (await event_kinds(region, case_id))[-1] == "page.exhausted"
    (notice,) = await items(region, region.doctor)
    assert b"duty.nobody_on_call" in bytes(notice.data)


async def test_a_made_up_past_is_recorded_and_rings_nobody(database: Clone) -> None:
    clock = SimulatedClock(LONG_AGO)
    region = await build(database, clock)
    page_id = await region.page()
    assert await kinds(region, region.experts[FIRST]) == []
    expert = region.experts[FIRST]
    async with database.app.session(expert) as session:
        await service.acknowledge(session, clock, expert, page_id)
        page = await queries.page(session, page_id)
    assert page.created_at == LONG_AGO
    mine = next(t for t in page.targets if t.person.id == expert.person_id)
    assert mine.states.acknowledged_at == LONG_AGO


async def test_notices_reach_people_and_a_facilitys_duty(region: Region) -> None:
    case_id = await region.open_case()
    someone = await region.staff(region.county, Role.REFERRING_CLINICIAN)
    async with region.clone.app.session(region.doctor) as session:
        await service.notify_people(
            session,
            region.clock,
            case_id=case_id,
            kind="offer.withdrawn",
            data={"offer_id": uuid4()},
            facility_id=region.centre,
            person_ids=[someone.person_id],
        )
    for who in (someone, *region.experts.values()):
        assert await kinds(region, who) == ["notice"]


async def test_nobody_posts_into_inboxes_about_a_case_they_cannot_see(region: Region) -> None:
    case_id = await region.open_case()
    stranger = await region.staff(region.centre, Role.EXPERT)
    with pytest.raises(Exception, match="row-level security"):
        async with region.clone.app.session(stranger) as session:
            await inbox.post(session, [region.doctor.person_id], "notice", case_id, {"code": "x"})


async def test_two_answers_at_once_have_one_winner(region: Region) -> None:
    async def answer(who: Viewer, page_id: PageId) -> None:
        async with region.clone.app.session(who) as session:
            await service.acknowledge(session, region.clock, who, page_id)

    for _ in range(10):
        case_id = await region.open_case()
        page_id = await region.page(case_id)
        rivals = [region.experts[FIRST], region.experts[SECOND]]
        await asyncio.gather(*(answer(who, page_id) for who in rivals))
        assert (await event_kinds(region, case_id)).count("page.acknowledged") == 1
